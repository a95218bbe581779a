import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { EmulatorError } from "../errors";
import { outcomes, type Video } from "./videos";
import type { StoredWebhook } from "./webhooks";

export interface State {
    readonly webhooks: readonly StoredWebhook[];
    readonly videos: readonly Video[];
}

const schema = v.object({
    version: v.literal(1),
    webhooks: v.array(
        v.object({
            id: v.string(),
            url: v.string(),
            secret: v.string(),
            enabledEvents: v.array(v.string()),
            secretVersion: v.number(),
        }),
    ),
    videos: v.array(
        v.object({
            operationId: v.string(),
            submittedAt: v.number(),
            videoSeconds: v.number(),
            lengthSeconds: v.number(),
            signature: v.string(),
            outcome: v.optional(v.picklist(outcomes)),
        }),
    ),
});

/**
 * What the file contains; nothing, if there is no such file yet.
 *
 * @throws {EmulatorError} when it can't be read; or is not an emulator's state
 */
export function loadState(file: string): State {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return { webhooks: [], videos: [] };
        throw new EmulatorError(`The state file ${file} cannot be read (${reason(error)}).`);
    }
    let json: unknown;
    try {
        json = JSON.parse(text);
    } catch {
        throw new EmulatorError(`The state file ${file} is not JSON: repair it, or remove it to start empty.`);
    }
    const result = v.safeParse(schema, json);
    if (result.success) return result.output;
    // The issue's message would quote what is in the file, secrets too.
    const path = v.getDotPath(result.issues[0]);
    const where = path === null ? "" : ` (see ${path})`;
    throw new EmulatorError(
        `The state file ${file} is not an emulator's state${where}: repair it, or remove it to start empty.`,
    );
}

/**
 * Replaces the file as a whole, so that a crash leaves the old or the new state, and readable by its owner only, as it
 * holds the secrets.
 *
 * @throws {EmulatorError} when it can't be written
 */
export function saveState(file: string, state: State): void {
    const temporary = `${file}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
    try {
        writeFileSync(temporary, `${JSON.stringify({ version: 1, ...state }, undefined, 2)}\n`, { mode: 0o600 });
        renameSync(temporary, file);
    } catch (error) {
        rmSync(temporary, { force: true });
        throw new EmulatorError(`The state file ${file} cannot be written (${reason(error)}).`);
    }
}

function reason(error: unknown): string {
    return (error as NodeJS.ErrnoException).code ?? String(error);
}
