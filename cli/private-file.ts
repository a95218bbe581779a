import { randomBytes } from "node:crypto";
import { realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { access, constants, lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandError } from "./errors";

/** Only its owner may read and write it. */
const mode = 0o600;

/**
 * Says early, before anything else is done for a file, why it could not be written.
 *
 * @param replaces whether it may exist already
 * @throws CommandError
 */
export async function checkPrivateFile(file: string, replaces: boolean): Promise<void> {
    if (!replaces && (await exists(file))) {
        throw alreadyThere(file);
    }
    // The dot tells a folder from a file.
    await access(`${dirname(file)}/.`, constants.W_OK).catch((error: unknown) => {
        throw notWritten(file, error);
    });
}

/**
 * Writes a file that only its owner may read; in place of another one in one step. Synchronously, so that a signal is
 * handled before or after it, and no half of a file is left behind.
 *
 * @throws CommandError
 */
export function writePrivateFile(file: string, text: string, replaces: boolean): void {
    const target = replaces ? targetOf(file) : file;
    const path = replaces ? `${target}.${randomBytes(6).toString("hex")}.tmp` : target;
    try {
        writeFileSync(path, text, { mode, flag: "wx" });
        if (replaces) {
            renameSync(path, target);
        }
    } catch (error) {
        if (replaces) {
            rmSync(path, { force: true });
        }
        throw (error as NodeJS.ErrnoException).code === "EEXIST" ? alreadyThere(file) : notWritten(file, error);
    }
}

/** What a symbolic link leads to is replaced, and not the link. */
function targetOf(file: string): string {
    try {
        return realpathSync(file);
    } catch {
        return file;
    }
}

async function exists(file: string): Promise<boolean> {
    return await lstat(file).then(
        () => true,
        () => false,
    );
}

function alreadyThere(file: string): CommandError {
    return new CommandError(`${file} exists already. Choose another file, or overwrite it with --force.`);
}

function notWritten(file: string, error: unknown): CommandError {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    return new CommandError(`Cannot write ${file} (${code}). Check that its folder exists and can be written to.`);
}
