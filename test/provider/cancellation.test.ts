import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Cancellation } from "../../provider/cancellation";
import { checkDeliveries } from "../../provider/lifecycle/delivery-check";
import { Proofs } from "../../provider/lifecycle/proofs";
import { create, read, renders, startAccount } from "../support/account";

/** A run that can be cancelled, with limits that no test waits for. */
async function startRun() {
    const account = await startAccount();
    const cancellation = new Cancellation();
    const limits = { listLagMs: 60_000, callTimeoutMs: 60_000, maxWaitMs: 60_000 };
    return { ...account, cancellation, session: account.run(limits, cancellation.signal) };
}

const cancelled = "The run was cancelled before this was sent.";

test("a change that is under way comes to its end, and is there to be saved", async () => {
    const { emulator, cancellation, session } = await startRun();
    emulator.behave({ latencyMs: 500 });
    const creating = create(session, renders);
    await emulator.whenCalled(({ endpoint }) => endpoint === "register");
    cancellation.cancel();
    expect((await creating).id).toBe(emulator.webhooks[0]?.id);
});

test("a wait that the API asks for ends, and what it was for is not sent again", async () => {
    const { emulator, cancellation, session, notes } = await startRun();
    emulator.inject({ endpoint: "register", kind: "rate-limited", status: 429, retryAfter: 50 });
    const creating = create(session, renders);
    await expect.poll(() => notes.join()).toContain("the API asks to wait");
    cancellation.cancel();
    await expect(creating).rejects.toThrow(cancelled);
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register"]);
});

test("a look for what became of a change ends, and the error says that it is not known", async () => {
    const { emulator, cancellation, session } = await startRun();
    emulator.inject({ endpoint: "register", kind: "error-before", status: 500 });
    const creating = create(session, renders);
    // The first one is before the change, the next ones are for it.
    await emulator.whenCalled(() => emulator.countCalls("list") > 1);
    cancellation.cancel();
    await expect(creating).rejects.toThrow("it is not known whether it was done");
});

test("a call that only reads ends, and one that has not been sent is not sent", async () => {
    const { emulator, cancellation, session } = await startRun();
    emulator.inject({ endpoint: "list", kind: "hang" });
    const creating = create(session, renders);
    await emulator.whenCalled(({ endpoint }) => endpoint === "list");
    cancellation.cancel();
    await expect(creating).rejects.toThrow(cancelled);
    await expect(read(session, "wh_1", { ...renders, secret: "whsec_1", secretVersion: 1 })).rejects.toThrow(cancelled);
    expect(emulator.calls).toHaveLength(1);
});

test.each(["between two rounds", "with a delivery under way"])("a delivery check ends, %s", async (moment) => {
    const cancellation = new Cancellation();
    const receiver = createServer((_, response) => {
        if (moment === "with a delivery under way") cancellation.cancel();
        else response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        receiver.closeAllConnections();
        receiver.close();
    });
    const urls = [`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`];
    const inputs = { urls, secrets: ["whsec_abcdefghijklmnopqrstuvwxyz"], instances: undefined };
    // Told after the first round.
    const notify = () => void setTimeout(() => cancellation.cancel());
    const checking = checkDeliveries(
        { ...inputs, waitSeconds: 60, steadySeconds: 0 },
        new Proofs(),
        notify,
        cancellation.signal,
    );
    await expect(checking).rejects.toThrow(
        "The run was cancelled before the receivers were seen to accept each secret.",
    );
});
