import { readFile } from "node:fs/promises";
import { CommandError } from "./errors";
import type { Io } from "./io";

/**
 * Reads what an argument names: a file, or standard input for `-`.
 *
 * @throws CommandError where the file cannot be read
 */
export async function readInput(file: string, io: Io): Promise<Uint8Array> {
    if (file === "-") {
        return await io.input();
    }
    try {
        return await readFile(file);
    } catch (error) {
        throw new CommandError(`Cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? "unknown reason"}).`);
    }
}
