import { describe, expect, test } from "vitest";
import { PartialFailure } from "../../provider/lifecycle";
import { create, endpoints, keep, read, renders, resource, startAccount, stored, update } from "../support/account";

describe("create", () => {
    test("registers a webhook with one look at what is there before", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        expect(endpoints(emulator)).toEqual(["list", "register"]);
        expect(emulator.webhooks).toEqual([{ id, secret: outputs.secret, ...renders }]);
        expect(outputs).toMatchObject({ ...renders, secretVersion: 1 });
    });

    test("registers 60 webhooks in 61 calls, at most 8 at once", async () => {
        const { emulator, run } = await startAccount({ latencyMs: 5 });
        const ledger = run();
        const urls = Array.from({ length: 60 }, (_, index) => `https://api.example.com/${index}`);
        await Promise.all(urls.map((url) => create(ledger, { ...renders, url }, resource(url))));
        expect(emulator.countCalls()).toBe(61);
        expect(emulator.maxInFlight).toBeLessThanOrEqual(8);
        expect(emulator.webhooks.map(({ url }) => url).sort()).toEqual(urls.sort());
    });

    test("sends an event once that is given twice", async () => {
        const { emulator, run } = await startAccount();
        const enabledEvents = ["creator.failure", "creator.success", "creator.failure"];
        await create(run(), { ...renders, enabledEvents });
        expect(emulator.webhooks[0]?.enabledEvents).toEqual(["creator.failure", "creator.success"]);
    });

    test("refuses a URL that has a webhook already, in any spelling, and names it and the three ways on", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register({ ...renders, url: "HTTPS://API.example.com:443/hooks/captions" });
        const failure = await create(run(), renders).catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: "DuplicateUrlError" });
        const { message } = failure as Error;
        for (const part of [existing.id, `adopt: "${existing.id}"`, "adopt: true", "allowDuplicateUrl: true"]) {
            expect(message).toContain(part);
        }
        expect(emulator.countCalls("register")).toBe(0);
    });

    test("registers a second webhook on a URL where that is allowed", async () => {
        const { emulator, run } = await startAccount();
        emulator.register(renders);
        await create(run(), { ...renders, allowDuplicateUrl: true });
        expect(emulator.webhooks).toHaveLength(2);
    });

    test("refuses a URL that is declared twice in one program", async () => {
        const { emulator, run } = await startAccount({ latencyMs: 20 });
        const ledger = run();
        const results = await Promise.allSettled([
            create(ledger, renders),
            create(ledger, renders, resource("second")),
        ]);
        expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("reports an API that merges webhooks of one URL, rather than managing one webhook twice", async () => {
        const { emulator, run } = await startAccount({ duplicateUrls: "merged" });
        const ledger = run();
        await create(ledger, renders);
        const second = create(ledger, { ...renders, allowDuplicateUrl: true }, resource("second"));
        await expect(second).rejects.toThrow(/merges webhooks/);
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("takes the secret from the list when the answer masks it", async () => {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "register", kind: "masked-secret" });
        const { outputs } = await create(run(), renders);
        expect(outputs.secret).toBe(emulator.webhooks[0]?.secret);
    });

    test("saves a webhook without a secret when none is shown, and the next run reads it back", async () => {
        const { emulator, run } = await startAccount({ secrets: "masked" });
        const failure = await create(run(), renders).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PartialFailure);
        const { id, outputs } = failure as PartialFailure;
        expect(outputs.secret).toBeUndefined();
        expect(JSON.stringify(outputs)).not.toContain("***");
        emulator.behave({ secrets: "clear" });
        const repaired = await update(run(), id, stored(outputs), renders);
        expect(repaired).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 1 });
        expect(emulator.countCalls("update")).toBe(0);
    });
});

describe("adopt", () => {
    test("by id takes a webhook over with its secret, without an update", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register(renders);
        const { id, outputs } = await create(run(), { ...renders, adopt: existing.id });
        expect({ id, secret: outputs.secret }).toEqual({ id: existing.id, secret: existing.secret });
        expect(endpoints(emulator)).toEqual(["list"]);
    });

    test("by id changes only what differs", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register({ ...renders, enabledEvents: ["creator.success"] });
        const { outputs } = await create(run(), { ...renders, adopt: existing.id });
        expect(emulator.calls.at(-1)).toMatchObject({
            endpoint: "update",
            body: { id: existing.id, enabledEvents: renders.enabledEvents },
        });
        expect(emulator.calls.at(-1)?.body).not.toHaveProperty("url");
        expect(outputs.secret).toBe(emulator.webhooks[0]?.secret);
        expect(outputs.secret).not.toBe(existing.secret);
    });

    test("by id does not rotate for rotateWhenChanged", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register(renders);
        await create(run(), { ...renders, adopt: existing.id, rotateWhenChanged: { quarter: "2026-Q4" } });
        expect(emulator.countCalls("update")).toBe(0);
    });

    test("by id of a webhook that does not exist is an error", async () => {
        const { emulator, run } = await startAccount();
        const failure = create(run(), { ...renders, adopt: "wh_none" });
        await expect(failure).rejects.toMatchObject({ name: "WebhookNotFoundError" });
        await expect(failure).rejects.toThrow(/wh_none/);
        expect(emulator.webhooks).toEqual([]);
    });

    test("true takes over the webhook of this URL, and registers one where there is none", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register({ ...renders, url: "https://API.example.com/hooks/./captions" });
        const ledger = run();
        const adopted = await create(ledger, { ...renders, adopt: true });
        const url = "https://api.example.com/other";
        const registered = await create(ledger, { ...renders, url, adopt: true }, resource("other"));
        expect(adopted.id).toBe(existing.id);
        expect(adopted.outputs.secret).toBe(existing.secret);
        expect(registered.id).not.toBe(existing.id);
        expect(endpoints(emulator)).toEqual(["list", "register"]);
    });

    test("true does not guess between two webhooks", async () => {
        const { emulator, run } = await startAccount();
        const ids = [emulator.register(renders).id, emulator.register(renders).id];
        const failure = create(run(), { ...renders, adopt: true });
        await expect(failure).rejects.toMatchObject({ name: "AdoptionError" });
        for (const id of ids) await expect(failure).rejects.toThrow(id);
    });

    test("true passes over a webhook that another resource of the program has", async () => {
        const { emulator, run } = await startAccount();
        const managed = emulator.register(renders);
        const orphan = emulator.register(renders);
        const ledger = run();
        await keep(ledger, managed.id, { ...renders, secretVersion: 1 }, renders);
        const wanted = { ...renders, adopt: true, allowDuplicateUrl: true };
        const { id } = await create(ledger, wanted, resource("second"));
        expect(id).toBe(orphan.id);
    });

    test("of one webhook by two new resources is an error", async () => {
        const { emulator, run } = await startAccount();
        const { id } = emulator.register(renders);
        const ledger = run();
        const both = ["one", "other"].map((name) => create(ledger, { ...renders, adopt: id }, resource(name)));
        const results = await Promise.allSettled(both);
        expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
        expect(results.find((result) => result.status === "rejected")?.reason.name).toBe("AdoptionError");
    });

    test("of a webhook that a resource has already is an error, whichever the engine comes to first", async () => {
        const { emulator, run } = await startAccount();
        const { id } = emulator.register(renders);
        const first = run();
        const saved = { ...renders, secretVersion: 1 };
        await keep(first, id, saved, renders);
        const adopter = resource("second");
        await expect(create(first, { ...renders, adopt: id }, adopter)).rejects.toMatchObject({
            name: "AdoptionError",
        });
        const second = run();
        await create(second, { ...renders, adopt: id }, adopter);
        await expect(keep(second, id, saved, renders)).rejects.toMatchObject({ name: "AdoptionError" });
    });

    test("that could not change the webhook saves it all the same, and the next run goes on", async () => {
        const { emulator, run } = await startAccount();
        const existing = emulator.register({ ...renders, enabledEvents: ["creator.success"] });
        emulator.inject({ endpoint: "update", kind: "error-before", status: 400 });
        const failure = await create(run(), { ...renders, adopt: existing.id }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PartialFailure);
        const { id, outputs } = failure as PartialFailure;
        expect({ id, secret: outputs.secret }).toEqual({ id: existing.id, secret: existing.secret });
        const repaired = await update(run(), id, stored(outputs), renders);
        expect(repaired.enabledEvents).toEqual(renders.enabledEvents);
        expect(repaired.secret).toBe(emulator.webhooks[0]?.secret);
    });

    test("of a webhook whose secret is masked is an error, and nothing is saved", async () => {
        const { emulator, run } = await startAccount({ secrets: "masked" });
        const { id } = emulator.register(renders);
        await expect(create(run(), { ...renders, adopt: id })).rejects.toThrow(/no usable secret/);
        await expect(create(run(), { ...renders, adopt: id })).rejects.not.toBeInstanceOf(PartialFailure);
    });
});

test("an API that shows URLs and events in its own form shows no drift by it", async () => {
    const { emulator, run } = await startAccount({ urlForm: "trailing-slash", eventOrder: "reversed" });
    const { id, outputs } = await create(run(), renders);
    const now = await read(run(), id, stored(outputs));
    expect(stored(now)).toEqual(stored(outputs));
    emulator.update(id, { url: "https://elsewhere.example.com/" });
    expect(await read(run(), id, stored(outputs))).not.toMatchObject({ url: renders.url });
});
