import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { CommandError } from "../errors";
import { isRunning, startOf } from "./processes";

/** An account of the API, as far as it tells whose webhooks are whose. */
export interface AccountKey {
    readonly apiKey: string;
    readonly baseUrl: string;
}

const entrySchema = v.object({
    /** Also in the registered URL, so that `/list` shows which webhook it is, whatever became of the response. */
    nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
    /**
     * The account, as a hash that is salted with the nonce: the file has neither the key nor anything to find it by.
     */
    account: v.string(),
    /** Where the process id means this process. */
    host: v.string(),
    pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
    /** When the process started, where the platform tells. */
    start: v.optional(v.string()),
    /** In milliseconds since 1970. */
    createdAt: v.number(),
});

/** A webhook that a run of `dev` has registered, or was about to. */
export type LedgerEntry = v.InferOutput<typeof entrySchema>;

/**
 * What runs of `dev` have registered and not deleted yet: a file for each run, so that runs side by side cannot lose
 * each other's entries. A run that was killed leaves its entry to the next one.
 */
export class Ledger {
    readonly #folder: string;

    /** @param stateFolder the package's folder for what must outlive a process */
    constructor(stateFolder: string) {
        this.#folder = join(stateFolder, "dev");
    }

    /**
     * Notes that this process is about to register a webhook.
     *
     * @throws CommandError where it cannot be written: nothing may be registered then
     */
    add(account: AccountKey): LedgerEntry {
        const nonce = randomBytes(16).toString("hex");
        const start = startOf(process.pid);
        const entry = {
            nonce,
            account: fingerprint(account, nonce),
            host: here(),
            pid: process.pid,
            ...(start === undefined ? {} : { start }),
            createdAt: Date.now(),
        };
        try {
            mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
            writeFileSync(this.#fileOf(entry), `${JSON.stringify(entry)}\n`, { mode: 0o600, flag: "wx", flush: true });
        } catch (error) {
            const { code = "unknown error" } = error as NodeJS.ErrnoException;
            throw new CommandError(
                `Cannot write to ${this.#folder} (${code}), so that a webhook could be left over after a crash. Nothing was ` +
                    "registered. Set XDG_STATE_HOME to a folder that can be written to.",
            );
        }
        return entry;
    }

    has(entry: LedgerEntry): boolean {
        return existsSync(this.#fileOf(entry));
    }

    remove(entry: LedgerEntry): void {
        rmSync(this.#fileOf(entry), { force: true });
    }

    /** The entries for an account whose runs have ended: on this machine, as nobody can tell that of another one's. */
    leftovers(account: AccountKey): readonly LedgerEntry[] {
        return this.#entries().filter(
            ({ nonce, account: hash, host, pid, start }) =>
                host === here() && !isRunning(pid, start) && isEqual(hash, fingerprint(account, nonce)),
        );
    }

    #entries(): LedgerEntry[] {
        return namesIn(this.#folder).flatMap((name) => {
            // One that is being written, or was cut off, is not ours to judge.
            const parsed = v.safeParse(entrySchema, readJson(join(this.#folder, name)));
            return parsed.success && name === `${parsed.output.nonce}.json` ? [parsed.output] : [];
        });
    }

    #fileOf({ nonce }: LedgerEntry): string {
        return join(this.#folder, `${nonce}.json`);
    }
}

function namesIn(folder: string): readonly string[] {
    try {
        return readdirSync(folder);
    } catch {
        return [];
    }
}

function readJson(file: string): unknown {
    try {
        return JSON.parse(readFileSync(file, "utf8"));
    } catch {
        return undefined;
    }
}

function fingerprint({ apiKey, baseUrl }: AccountKey, nonce: string): string {
    return scryptSync(`${baseUrl}\n${apiKey}`, nonce, 32).toString("hex");
}

function isEqual(one: string, other: string): boolean {
    return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/**
 * This machine, and in it the container, where the platform tells: one may share the folder and the name with others.
 */
function here(): string {
    try {
        return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
    } catch {
        return hostname();
    }
}
