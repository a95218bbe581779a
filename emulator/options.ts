import * as v from "valibot";
import type { Behaviour } from "./behaviour/behaviour";
import { checkNames, describeIssue } from "./behaviour/issues";
import { EmulatorError } from "./errors";
import type { Tls } from "./server/listener";

export const defaultHost = "127.0.0.1";

export interface EmulatorOptions {
    /** Default: 0, any free port. */
    readonly port?: number;
    /**
     * The address to listen on. Default: `127.0.0.1`, which only this machine can reach. On any but a loopback address,
     * the page and the control endpoints need the API key too (in `x-api-key`; see `pageUrl` of the emulator).
     */
    readonly host?: string;
    /** What calls must carry as `x-api-key`. Default: `emulator-key`; a random one where other machines can connect. */
    readonly apiKey?: string;
    /** The switches that differ from {@link defaultBehaviour}. */
    readonly behaviour?: Partial<Behaviour>;
    /**
     * A JSON file that keeps webhooks (with their secrets) and videos from one start to the next. Default: memory only.
     */
    readonly stateFile?: string;
    /** Told of each call and delivery, in a line without secrets. Default: nobody. */
    readonly log?: (line: string) => void;
    /**
     * The time, in milliseconds since 1970, for list lag, rate limits, videos and the journals. Default: `Date.now`.
     */
    readonly now?: () => number;
    /** Serves https with this key and certificate (PEM). Default: http. */
    readonly tls?: Tls;
}

const text = v.nullish(v.string());
const entries = {
    port: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
    host: text,
    apiKey: text,
    // Checked where it is used, as each change of it is.
    behaviour: v.unknown(),
    stateFile: text,
    log: v.nullish(v.function()),
    now: v.nullish(v.function()),
    tls: v.nullish(v.looseObject({})),
} satisfies Record<keyof EmulatorOptions, v.GenericSchema>;
const schema = v.partial(v.object(entries));

/** @throws {EmulatorError} naming an option that doesn't exist or a value that it doesn't have, never the value */
export function checkOptions(options: EmulatorOptions): void {
    if (typeof options !== "object" || options === null) throw new EmulatorError("The options must be an object.");
    checkNames("option", options, Object.keys(entries));
    const result = v.safeParse(schema, options);
    if (!result.success) throw new EmulatorError(`Wrong value of the option ${describeIssue(result.issues[0], "")}`);
}
