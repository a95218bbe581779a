import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * From 32,768 (Linux) or 49,152 (macOS, Windows; RFC 6335, section 6) on, a system gives out ports by itself, to every
 * connection and to servers that ask for any: one that is free there may be somebody else's a moment later.
 */
const [first, end] = [10_000, 32_768];
let next = randomInt(first, end);

/** A port at which nobody listens, for servers that cannot choose one themselves, or to have none there. */
export async function unusedPort(): Promise<number> {
    for (let tried = first; tried < end; tried++) {
        const port = next;
        next = port + 1 < end ? port + 1 : first;
        if (await isUnused(port)) return port;
    }
    throw new Error(`All ports from ${first} to ${end - 1} are in use.`);
}

async function isUnused(port: number): Promise<boolean> {
    const server = createServer().listen(port, "127.0.0.1");
    try {
        await once(server, "listening");
    } catch (error) {
        if (["EADDRINUSE", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
        throw error;
    }
    server.close();
    await once(server, "close");
    return true;
}
