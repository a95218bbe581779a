import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../emulator";
import { providerText } from "../../provider/dynamic/webhook";
import { Stack, webhookTypes } from "../support/stack";
import { type Form, files, type keptStates, program, readJson, rootOf } from "./forms";

const front = inject("front");
const apiKey = "key-6XqR2mVn8sLw4TzYb1Kd";

export interface Place {
    readonly emulator: Emulator;
    readonly stack: Stack;
}

export async function startPlace(stateFile: string, behaviour: Partial<Behaviour>, text: string): Promise<Place> {
    const emulator = await startEmulator({ apiKey, stateFile, behaviour });
    onTestFinished(() => emulator.stop());
    const env = { CAPTIONS_LIST_LAG_SECONDS: "0.3", CAPTIONS_CALL_TIMEOUT_SECONDS: "3" };
    const stack = await Stack.create({ program: text, emulator, env });
    // Pulumi's SDK keeps the configuration in the state, and a refresh uses that: so no address may be in it.
    stack.setSecret("captions:accounts", JSON.stringify({ eu: { apiKey } }));
    return { emulator, stack };
}

export function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-states-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** States that the package has written, by version and form. */
export function testStates(kept: ReturnType<typeof keptStates>): void {
    describe.each(kept)("the state %s/%s", (version, name) => {
        const folder = join(rootOf(front), version, name);

        test("is refreshed, is no change, rotates only when asked, and is destroyed", async () => {
            const form = readJson<Form>(folder, files.form);
            const stateFile = join(temporaryFolder(), files.webhooks);
            copyFileSync(join(folder, files.webhooks), stateFile);
            const { emulator, stack } = await startPlace(stateFile, form.behaviour ?? {}, program(form));
            expect(await stack.run("stack", "import", "--file", join(folder, files.state))).toMatchObject({ code: 0 });
            const names = Object.keys(form.declared);
            const before = emulator.webhooks;

            const strict = "--expect-no-changes";
            if (!form.halfWay) expect(await stack.refresh(strict)).toMatchObject({ code: 0 });
        expect(emulator.webhooks).toEqual(before);
            const up = await stack.up(form.halfWay ? "--refresh" : strict);
            expect(up).toMatchObject({ code: 0 });
            expect(up.calls.filter((call) => call !== "list")).toEqual((form.pending ?? []).map(() => "update"));
            // One half-way is whole now.
            if (form.halfWay) expect(await stack.preview("--expect-no-changes")).toMatchObject({ code: 0 });
            if (form.pending === undefined) expect(emulator.webhooks).toEqual(before);
            const outputs = await outputsOf(stack);
            for (const one of names)
                expect(emulator.webhooks).toContainEqual(expect.objectContaining(idAndSecret(outputs[one])));

            stack.program(program(form, { rotateWhenChanged: { asked: "1" } }));
            const rotation = await stack.up();
            expect(rotation).toMatchObject({ code: 0 });
            expect(rotation.calls.filter((call) => call !== "list")).toEqual(names.map(() => "update"));
            const rotated = await outputsOf(stack);
            for (const one of names) {
                const { id, secret } = idAndSecret(rotated[one]);
                expect(emulator.webhooks).toContainEqual(expect.objectContaining({ id, secret }));
                expect(id).toBe(outputs[one]?.id);
                expect(secret).not.toBe(outputs[one]?.secret);
                expect(rotated[one]?.secretVersion).toBe((outputs[one]?.secretVersion ?? Number.NaN) + 1);
            }

            expect(await stack.destroy()).toMatchObject({ code: 0 });
            // Those that were only read stay.
            expect(emulator.webhooks.map(({ id }) => id)).toEqual(Object.values(form.read ?? {}));
        });

        test("points at this package as the package still does, and holds secrets encrypted only", () => {
            const state = readJson<{
                deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
            }>(folder, files.state);
            const webhooks = state.deployment.resources.filter(({ type }) => type === webhookTypes[front]);
            expect(webhooks.length).toBeGreaterThan(0);
            for (const { outputs } of webhooks) {
                expect(outputs?.__provider).toBe(front === "native" ? undefined : providerText);
                if (outputs?.secret !== undefined) expect(outputs.secret).toHaveProperty("ciphertext");
            }
            const text = JSON.stringify(state);
            for (const { secret } of readJson<{ webhooks: { secret: string }[] }>(folder, files.webhooks).webhooks) {
                expect(text).not.toContain(secret);
            }
        });
    });
}

interface WebhookOutput {
    readonly id: string;
    readonly secret: string;
    readonly secretVersion: number;
}

async function outputsOf(stack: Stack): Promise<Record<string, WebhookOutput>> {
    return (await stack.outputs()) as Record<string, WebhookOutput>;
}

function idAndSecret(output: WebhookOutput | undefined): { id: string; secret: string } {
    return { id: output?.id ?? "none", secret: output?.secret ?? "none" };
}
