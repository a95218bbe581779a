import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import type { Emulator } from "../../emulator";
import { type Form, files, isReleased, keptStates, makings, program, readJson, rootOf, writeJson } from "./forms";
import { startPlace, temporaryFolder, testStates } from "./still-work";

/*
 * States that released forms of the package have written, each from another folder than here, still refresh, show no
 * change, do not rotate by themselves, rotate once when asked, and destroy; dynamic/unreleased.test.ts shows the same
 * of those before. README.md says how to add those of a release.
 */

const front = inject("front");
const root = rootOf(front);
testStates(keptStates(front).filter(([version]) => isReleased(version)));

/** `CAPTURE_STATES=0.2.0 npx vitest run test/states` writes the states of the package as it is now. */
const capturing = process.env.CAPTURE_STATES;
if (capturing !== undefined) {
    test.each(Object.keys(makings("", "")))("the state %s is captured", async (name) => {
        const folder = join(root, capturing, name);
        rmSync(folder, { recursive: true, force: true });
        const stateFile = join(temporaryFolder(), files.webhooks);
        const { emulator, stack } = await startPlace(stateFile, {}, "");
        const adopted = name === "complete" ? register(emulator, "adopted") : "";
        const legacy = name === "complete" ? register(emulator, "legacy") : "";
        const making = makings(adopted, legacy, front)[name];
        if (making === undefined) throw new Error(name);
        const { then, during, ...first } = making;
        emulator.behave({ ...first.behaviour, ...during });
        stack.program(program(first));
        const fails = first.halfWay === true;
        expect((await stack.up()).code === 0).toBe(!fails || then !== undefined);
        const form: Form = { ...first, declared: { ...first.declared, ...then?.declared } };
        if (then !== undefined) {
            if (then.fault !== undefined) emulator.inject(then.fault);
            emulator.behave(then.during ?? {});
            stack.program(program(form));
            expect((await stack.up()).code === 0).toBe(!fails);
        }
        const { stdout } = await stack.run("stack", "export");
        writeJson(form, folder, files.form);
        writeJson(withoutPlaces(JSON.parse(stdout)), folder, files.state);
        writeJson(readJson(stateFile), folder, files.webhooks);
    });
}

/** Without the engine's notes of where on this machine the program was. */
function withoutPlaces(state: { deployment: { resources: Record<string, unknown>[] } }): object {
    for (const resource of state.deployment.resources) {
        delete resource.stackTrace;
        delete resource.sourcePosition;
    }
    return state;
}

function register(emulator: Emulator, path: string): string {
    return emulator.register({
        url: `https://api.example.com/${path}`,
        enabledEvents: ["creator.success", "creator.failure"],
    }).id;
}
