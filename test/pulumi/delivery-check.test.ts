import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Emulator } from "../../emulator";
import { renders, startProject } from "../support/project";

/** A receiver that knows just the secrets that it is told, or those of all webhooks at any moment. */
async function startReceiver() {
    let known = (): readonly unknown[] => [];
    let acceptsAll = false;
    let requests = 0;
    const server = createServer((request, response) => {
        requests++;
        const secret = (request.headers.authorization ?? "").replace(/^Bearer /, "");
        request.resume().on("end", () => {
            response
                .writeHead(acceptsAll || known().includes(secret) ? 200 : 401, { "WWW-Authenticate": "Bearer" })
                .end();
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
        learn: (...secrets: readonly unknown[]) => {
            known = () => secrets;
        },
        follow: (emulator: Emulator) => {
            known = () => secretsOf(emulator);
        },
        acceptAll: () => {
            acceptsAll = true;
        },
        get requests() {
            return requests;
        },
    };
}

const program = (url: string, generations: readonly string[], more: Record<string, unknown> = {}, args = "") => `
const url = ${JSON.stringify(url)};
const webhook = new captions.RotatingWebhook("renders", { url, enabledEvents: ["creator.success"], generations: ${JSON.stringify(generations)}, ${args} });
new captions.DeliveryCheck("receivers", { url, secrets: webhook.secrets, waitSeconds: 2, steadySeconds: 0, ...${JSON.stringify(more)} });
module.exports = { secrets: webhook.secrets };
`;

const secretsOf = ({ webhooks }: { readonly webhooks: readonly { readonly secret: string }[] }) =>
    webhooks.map(({ secret }) => secret);

test("an up fails until receivers accept each secret, calls the API no more than without it, and runs again only for a reason", async () => {
    const receiver = await startReceiver();
    const { emulator, stack } = await startProject(program(receiver.url, ["a"]));
    const early = await stack.up();
    expect(early.code).not.toBe(0);
    expect(early.calls).toEqual(["list", "register"]);
    expect(early.text).toContain("The newest secret was rejected (401)");
    expect(early.text).toContain("Nothing is deleted in this run");
    expect(early.text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);

    receiver.learn(...secretsOf(emulator));
    expect(await stack.up()).toMatchObject({ code: 0, calls: [], operations: { create: 1 } });
    const asked = receiver.requests;
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0 });
    stack.program(program(receiver.url, ["a"], { triggers: { version: "2" } }));
    expect(await stack.preview()).toMatchObject({ code: 0, operations: { update: 1 } });
    expect(receiver.requests).toBe(asked);
    expect(await stack.up()).toMatchObject({ code: 0, operations: { update: 1 }, calls: [] });
    expect(receiver.requests).toBeGreaterThan(asked);

    const state = JSON.stringify(await stack.resources());
    for (const secret of secretsOf(emulator)) expect(state).not.toContain(secret);

    receiver.acceptAll();
    stack.program(program(receiver.url, ["a"], { triggers: { version: "3" } }));
    const forged = await stack.up();
    expect(forged.code).not.toBe(0);
    expect(forged.text).toContain("does not check the secret");
    stack.program(program(receiver.url, ["a"], { url: "not a URL", secrets: [], instances: 0 }));
    const invalid = await stack.preview();
    for (const name of ["url", "secrets", "instances"]) expect(invalid.text).toMatch(new RegExp(`${name}: must be`));
});

test("the last generation that receivers know is not dropped in the run that registers its successor, unless they are proven to know that", async () => {
    const receiver = await startReceiver();
    const { emulator, stack } = await startProject(program(receiver.url, ["a"]));
    receiver.follow(emulator);
    expect(await stack.up()).toMatchObject({ code: 0 });
    receiver.learn(...secretsOf(emulator));
    const [old] = emulator.webhooks;

    // Late, by hand, or from an old commit: registers the new one and drops the old one in one run.
    stack.program(program(receiver.url, ["b"]));
    const refused = await stack.up("--refresh");
    expect(refused.code).not.toBe(0);
    expect(refused.calls).toEqual(["list", "register"]);
    expect(emulator.webhooks).toHaveLength(2);
    expect(emulator.webhooks[0]).toEqual(old);

    // The receivers know only the old one yet, so the check fails, and nothing is deleted.
    const waiting = await stack.up();
    expect(waiting.code).not.toBe(0);
    expect(waiting.text).toContain("Nothing is deleted in this run");
    expect(emulator.webhooks).toHaveLength(2);
    receiver.learn(...secretsOf(emulator));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete"] });
    expect(emulator.webhooks.map(({ id }) => id)).not.toContain(old?.id);
});

test("without a DeliveryCheck the drop is kept for the next run, and says why; `dropAtOnce` and whole removals need no proof", async () => {
    const urlOf = (name: string) => `${renders.url}/${name}`;
    const rotating = (families: Readonly<Record<string, object>>) =>
        Object.entries(families)
            .map(([name, args]) => {
                const all = JSON.stringify({ ...renders, url: urlOf(name), ...args });
                return `exports["${name}"] = new captions.RotatingWebhook("${name}", ${all}).secrets;`;
            })
            .join("\n");
    const first = {
        kept: { generations: ["a"] },
        "at-once": { generations: ["a"] },
        others: { generations: ["b", "a"] },
    };
    const { emulator, stack } = await startProject(rotating(first));
    await stack.up();
    const of = (name: string) => emulator.webhooks.filter(({ url }) => url === urlOf(name));
    const [old] = of("kept");
    stack.program(rotating({ ...first, kept: { generations: ["b"] } }));
    const kept = await stack.up("--refresh");
    expect(kept.code).not.toBe(0);
    expect(kept.text).toContain("it was kept: its successor");
    expect(of("kept")).toHaveLength(2);
    expect((await stack.outputs()).kept).toEqual([of("kept")[1]?.secret]);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete"] });
    expect(of("kept")).toHaveLength(1);
    expect(of("kept")).not.toContainEqual(old);

    const [dropped, forgotten] = [of("at-once")[0], of("others")[0]];
    stack.program(
        rotating({
            kept: { generations: ["b"] },
            "at-once": { generations: ["b"], dropAtOnce: true },
            // One that remains, and that receivers know, is enough.
            others: { generations: ["c", "b"] },
        }),
    );
    expect(await stack.up("--refresh")).toMatchObject({
        code: 0,
        calls: ["list", "register", "register", "delete", "delete"],
    });
    expect(emulator.webhooks).not.toContainEqual(dropped);
    expect(emulator.webhooks).not.toContainEqual(forgotten);
    stack.program("");
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete", "delete", "delete", "delete"] });
});

test("the old half of a replacement stays as long as the receiver rejects the new secret", async () => {
    const receiver = await startReceiver();
    const replaced = (trigger: string) => `
const url = ${JSON.stringify(receiver.url)};
const webhook = new captions.Webhook("renders", { url, enabledEvents: ["creator.success"] }, { replacementTrigger: "${trigger}" });
new captions.DeliveryCheck("receivers", { url, secrets: [webhook.secret], waitSeconds: 2, steadySeconds: 0 });
`;
    const { emulator, stack } = await startProject(replaced("1"));
    receiver.follow(emulator);
    expect(await stack.up()).toMatchObject({ code: 0 });
    receiver.learn(...secretsOf(emulator));
    const [old] = emulator.webhooks;
    stack.program(replaced("2"));
    expect((await stack.up()).code).not.toBe(0);
    expect(emulator.webhooks).toHaveLength(2);
    expect(emulator.webhooks[0]).toEqual(old);
    receiver.learn(emulator.webhooks[1]?.secret);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete"] });
    expect(emulator.webhooks).toHaveLength(1);
});
