import { expect, test } from "vitest";
import { renders, startProject } from "../support/project";

const url = (path: string) => `https://api.example.com/${path}`;

test("each resource option does what Pulumi's documentation says of it", async () => {
    const webhook = (name: string, options: string, inputs: Record<string, unknown> = {}) =>
        `out["${name}"] = new captions.Webhook("${name}", ${JSON.stringify({ ...renders, url: url(name), ...inputs })}, ${options});`;
    const program = (lines: readonly string[]) =>
        `const out = {};\n${lines.join("\n")}\nmodule.exports = Object.fromEntries(Object.entries(out).map(([name, { id }]) => [name, id]));`;
    const first = program([
        webhook("protected", "{ protect: true }"),
        webhook("retained", "{ retainOnDelete: true }"),
        webhook("ignoring", '{ ignoreChanges: ["url", "rotateWhenChanged"] }'),
        webhook("before", "{}"),
        webhook("owner", '{ replacementTrigger: "a" }'),
        webhook("with", "{ deletedWith: out.owner }"),
        webhook("follower", "{ replaceWith: [out.owner] }"),
        webhook("secretly", '{ additionalSecretOutputs: ["url"] }'),
        webhook("rotated", "{}"),
        webhook("timed", '{ customTimeouts: { create: "1m" } }'),
    ]);
    const { emulator, stack } = await startProject(first);
    expect(await stack.up()).toMatchObject({ code: 0, operations: { create: 11 } });
    const ids = (await stack.outputs()) as Record<string, string>;
    const there = () => emulator.webhooks.map(({ id }) => id);
    const [secretly] = (await stack.webhooks()).filter(({ urn }) => urn.endsWith("::secretly"));
    expect(JSON.stringify(secretly?.outputs.url)).toContain("ciphertext");

    // `ignoreChanges` and `aliases` change nothing; `replaceWith` goes along with a replacement.
    stack.program(
        program([
            webhook("protected", "{ protect: true }"),
            webhook("retained", "{ retainOnDelete: true }"),
            webhook("ignoring", '{ ignoreChanges: ["url", "rotateWhenChanged"] }', {
                url: url("changed"),
                rotateWhenChanged: { a: 1 },
            }),
            webhook("after", '{ aliases: [{ name: "before" }] }', { url: url("before") }),
            webhook("owner", '{ replacementTrigger: "b" }'),
            webhook("with", "{ deletedWith: out.owner }"),
            webhook("follower", "{ replaceWith: [out.owner] }"),
            webhook("secretly", '{ additionalSecretOutputs: ["url"] }'),
            webhook("rotated", "{}", { rotateWhenChanged: { a: 1 } }),
            webhook("timed", '{ customTimeouts: { create: "1m" } }'),
        ]),
    );
    const second = await stack.up();
    expect(second.code, second.text).toBe(0);
    // One `/list`; a replacement of `owner`, of `follower` and, as it goes with its owner, of `with`, whose deletion is
    // no call.
    expect(second.calls.filter((call) => call !== "delete").sort()).toEqual([
        "list",
        "register",
        "register",
        "register",
        "update",
    ]);
    const now = (await stack.outputs()) as Record<string, string>;
    expect(now).toMatchObject({
        ignoring: ids.ignoring,
        after: ids.before,
        rotated: ids.rotated,
        protected: ids.protected,
    });
    for (const name of ["owner", "follower"]) {
        expect(now[name]).not.toBe(ids[name]);
        expect(there()).toContain(now[name]);
        expect(there()).not.toContain(ids[name]);
    }

    // What is protected stays, and says so; what is retained leaves the state and stays registered.
    stack.program(program([webhook("protected", "{ protect: true }")]));
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(there()).toContain(ids.retained);
    stack.program("");
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toMatch(/protect/);
    expect(there()).toContain(ids.protected);
});
