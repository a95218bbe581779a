import { randomBytes } from "node:crypto";
import { access, constants, lstat, realpath, rename, rm, writeFile } from "node:fs/promises";
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

/** Writes a file that only its owner may read; in place of another one in one step. @throws CommandError */
export async function writePrivateFile(file: string, text: string, replaces: boolean): Promise<void> {
    // What a symbolic link leads to is replaced, and not the link.
    const target = replaces ? await realpath(file).catch(() => file) : file;
    const path = replaces ? `${target}.${randomBytes(6).toString("hex")}.tmp` : target;
    try {
        await writeFile(path, text, { mode, flag: "wx" });
        if (replaces) {
            await rename(path, target);
        }
    } catch (error) {
        if (replaces) {
            await rm(path, { force: true });
        }
        throw (error as NodeJS.ErrnoException).code === "EEXIST" ? alreadyThere(file) : notWritten(file, error);
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
