import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startEmulator } from "../../../emulator";
import { type Form, files, keptStates, program, readJson, rootOf } from "../../states/forms";
import { renders, startProject } from "../../support/project";
import { Stack } from "../../support/stack";

describe.each(keptStates("dynamic"))(
    "a state of the dynamic provider, %s/%s, goes on with the plugin",
    (version, name) => {
        test("with the program as it was: no rotation, no replacement, the same secrets and versions", async () => {
            const folder = join(rootOf("dynamic"), version, name);
            const form = readJson<Form>(folder, files.form);
            const temporary = mkdtempSync(join(tmpdir(), "pulumi-captions-moving-"));
            onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
            const stateFile = join(temporary, files.webhooks);
            copyFileSync(join(folder, files.webhooks), stateFile);
            const apiKey = "key-6XqR2mVn8sLw4TzYb1Kd";
            const emulator = await startEmulator({ apiKey, stateFile, behaviour: form.behaviour ?? {} });
            onTestFinished(() => emulator.stop());
            const env = { CAPTIONS_LIST_LAG_SECONDS: "0.3", CAPTIONS_CALL_TIMEOUT_SECONDS: "3" };
            const stack = await Stack.create({ program: withProviders(form), emulator, env });
            expect(await stack.run("stack", "import", "--file", join(folder, files.state))).toMatchObject({ code: 0 });
            const before = emulator.webhooks;
            const versionsBefore = savedVersions(join(folder, files.state));

            const up = await stack.up();
            expect(up).toMatchObject({ code: 0 });
            expect(up.operations.replace ?? 0).toBe(0);
            expect(up.calls.filter((call) => call !== "list")).toEqual((form.pending ?? []).map(() => "update"));
            if (form.pending === undefined) expect(emulator.webhooks).toEqual(before);
            for (const { urn, id, outputs } of await stack.webhooks()) {
                const label = urn.split("::").at(-1) ?? "";
                expect(before.map((webhook) => webhook.id)).toContain(id);
                const isSame = !form.halfWay && form.declared[label] !== undefined;
                if (isSame) expect(outputs.secretVersion).toBe(versionsBefore.get(id ?? ""));
            }
            expect(await stack.preview("--refresh", "--expect-no-changes")).toMatchObject({ code: 0 });
            expect(await stack.destroy()).toMatchObject({ code: 0 });
            expect(emulator.webhooks.map(({ id }) => id)).toEqual(Object.values(form.read ?? {}));
        });
    },
);

test("a rotating webhook and a delivery check go on with the plugin, generations and all, without a call", async () => {
    const text = (generations: readonly string[]) => `
const webhook = new captions.RotatingWebhook("renders", ${JSON.stringify({ ...renders, generations })});
module.exports = { secrets: webhook.secrets, ids: webhook.ids };`;
    const { emulator, stack } = await startProject("");
    stack.program(text(["b", "a"]), "dynamic");
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register", "register"] });
    const outputs = await stack.outputs();
    stack.program(text(["b", "a"]));
    expect(await stack.preview("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    expect(await stack.up()).toMatchObject({ code: 0, operations: { same: 4 }, calls: [] });
    expect(await stack.outputs()).toEqual(outputs);
    // And rotates from there: the guard of the overlap counts the generations that came along.
    stack.program(text(["c", "b"]));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register", "delete"] });
    expect(emulator.webhooks).toHaveLength(2);
});

/** An account of the dynamic provider is a provider here. */
function withProviders(form: Form): string {
    const eu = 'const eu = new captions.Provider("eu", { apiKey: process.env.CAPTIONS_API_KEY });\n';
    const text = program({
        ...form,
        declared: Object.fromEntries(
            Object.entries(form.declared).map(([name, { account: _, ...inputs }]) => [name, inputs]),
        ),
    });
    const moved = Object.entries(form.declared).filter(([, { account }]) => account !== undefined);
    return moved.reduce((all, [name]) => {
        return all.replace(new RegExp(`(new captions.Webhook\\("${name}", .*)\\);`), "$1, { provider: eu });");
    }, eu + text);
}

function savedVersions(file: string): Map<string, unknown> {
    interface State {
        readonly deployment: { readonly resources: { id?: string; outputs?: Record<string, unknown> }[] };
    }
    const { deployment } = readJson<State>(file);
    return new Map(deployment.resources.map(({ id = "", outputs }) => [id, outputs?.secretVersion ?? 1]));
}
