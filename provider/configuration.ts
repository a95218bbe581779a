import * as v from "valibot";
import { CaptionsClient } from "./api/client";
import { defaultLimits, type Limits } from "./api/limits";
import { isLoopback } from "./api/urls";
import { ConfigurationError } from "./errors";
import { type Account, openAccount } from "./lifecycle";

/**
 * Where the API is, and with which key, for the default account and for each that has a name.
 *
 * | stack configuration | environment | default |
 * | --- | --- | --- |
 * | `captions:apiKey` (secret) | `CAPTIONS_API_KEY` | none |
 * | `captions:baseUrl` | `CAPTIONS_BASE_URL` | `https://api.captions.ai/api/webhooks` |
 * | `captions:accounts` (secret), `{"eu": {"apiKey": "…", "baseUrl": "…"}}` | | none |
 * | `captions:connectTimeoutSeconds` | `CAPTIONS_CONNECT_TIMEOUT_SECONDS` | 10 |
 * | `captions:callTimeoutSeconds` | `CAPTIONS_CALL_TIMEOUT_SECONDS` | 60 |
 * | `captions:listLagSeconds` | `CAPTIONS_LIST_LAG_SECONDS` | 10 |
 * | `captions:waitAtMostSeconds` | `CAPTIONS_WAIT_AT_MOST_SECONDS` | 900 |
 *
 * The stack's configuration wins. Pulumi itself keeps it in the state, encrypted where it is a secret; a webhook has
 * none of it.
 */

/** The API's address, from its page on webhooks. */
export const defaultBaseUrl = "https://api.captions.ai/api/webhooks";

export type GetSetting = (name: string) => string | undefined;
export type Environment = Readonly<Record<string, string | undefined>>;

interface AccountSettings {
    readonly apiKey: string | undefined;
    readonly baseUrl: Setting<string>;
    /** Whether the key comes from the stack's configuration, which Pulumi keeps for `refresh` and `destroy`. */
    readonly isKeyKept: boolean;
}

/** A value, and the name of where it was set: for a message, which says what to change. */
interface Setting<T = string | undefined> {
    readonly value: T;
    readonly name: string;
}

const seconds = v.pipe(
    v.string(),
    v.transform(Number),
    v.number(),
    v.minValue(0.001),
    v.maxValue(86_400),
    v.transform((value) => value * 1000),
);

const accountsSchema = v.pipe(
    v.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
    v.record(
        v.pipe(v.string(), v.minLength(1)),
        v.object({ apiKey: v.pipe(v.string(), v.minLength(1)), baseUrl: v.optional(v.string()) }),
    ),
);

/** The accounts that are configured, each opened once for as long as the process lives. */
export class Accounts {
    readonly #settings: ReadonlyMap<string | undefined, AccountSettings>;
    readonly #opened = new Map<string | undefined, Account>();
    readonly #limits: Limits;
    readonly #maxWaitName: string;
    readonly #notify: (line: string) => void;
    readonly #signal: AbortSignal | undefined;

    /**
     * @param get reads the stack's configuration; the name comes without `captions:`
     * @param signal aborted where the run is cancelled
     * @throws ConfigurationError where a value is invalid; a missing key is found only when it is needed
     */
    constructor(get: GetSetting, environment: Environment, notify: (line: string) => void, signal?: AbortSignal) {
        const setting = (name: string, variable: string): Setting => {
            const kept = nonEmpty(get(name));
            const value = kept ?? nonEmpty(environment[variable]);
            return { value, name: value === kept ? `captions:${name}` : variable };
        };
        const address = setting("baseUrl", "CAPTIONS_BASE_URL");
        const baseUrl = { ...address, value: checkBaseUrl(address.value ?? defaultBaseUrl, address.name) };
        const key = setting("apiKey", "CAPTIONS_API_KEY");
        const apiKey = checkKey(key.value, key.name);
        const limit = (name: string, variable: string, otherwise: number) =>
            checkSeconds(setting(name, variable)) ?? otherwise;
        const maxWait = setting("waitAtMostSeconds", "CAPTIONS_WAIT_AT_MOST_SECONDS");
        const { connectTimeoutMs, callTimeoutMs, listLagMs, maxWaitMs } = defaultLimits;
        this.#limits = {
            ...defaultLimits,
            connectTimeoutMs: limit("connectTimeoutSeconds", "CAPTIONS_CONNECT_TIMEOUT_SECONDS", connectTimeoutMs),
            callTimeoutMs: limit("callTimeoutSeconds", "CAPTIONS_CALL_TIMEOUT_SECONDS", callTimeoutMs),
            listLagMs: limit("listLagSeconds", "CAPTIONS_LIST_LAG_SECONDS", listLagMs),
            maxWaitMs: checkSeconds(maxWait) ?? maxWaitMs,
        };
        this.#maxWaitName = maxWait.name;
        const isKeyKept = nonEmpty(get("apiKey")) !== undefined;
        this.#settings = new Map([
            [undefined, { apiKey, baseUrl, isKeyKept }],
            ...parseAccounts(get("accounts"), baseUrl),
        ]);
        this.#notify = notify;
        this.#signal = signal;
    }

    /** The names of the accounts, without the default one. */
    get names(): readonly string[] {
        return [...this.#settings.keys()].filter((name) => name !== undefined);
    }

    hasKey(name: string | undefined): boolean {
        return this.#settings.get(name)?.apiKey !== undefined;
    }

    /**
     * An account, and what this run knows of it.
     *
     * @throws ConfigurationError where the account is not configured, or has no key
     */
    open(name: string | undefined): Account {
        const opened = this.#opened.get(name);
        if (opened !== undefined) return opened;
        const settings = this.#settings.get(name);
        if (settings === undefined) {
            throw new ConfigurationError(
                `The account "${name}" is not configured. Add it to captions:accounts: pulumi config set --secret --path ` +
                    `'captions:accounts["${name}"].apiKey'`,
            );
        }
        const { apiKey, baseUrl, isKeyKept } = settings;
        if (apiKey === undefined) {
            throw new ConfigurationError(
                "There is no API key. Set it with `pulumi config set --secret captions:apiKey`, or in the environment " +
                    "variable CAPTIONS_API_KEY.",
            );
        }
        const names = {
            account: name === undefined ? "" : ` (account "${name}")`,
            apiKey:
                name === undefined
                    ? "captions:apiKey or CAPTIONS_API_KEY"
                    : `the apiKey of "${name}" in captions:accounts`,
            baseUrl: baseUrl.name,
            maxWait: this.#maxWaitName,
            keyAdvice: isKeyKept
                ? " If you changed it in the stack configuration, run `pulumi up` first; until then, `refresh` and `destroy` " +
                  "use the old key."
                : "",
        };
        const client = new CaptionsClient({
            apiKey,
            baseUrl: baseUrl.value,
            limits: this.#limits,
            names,
            notify: this.#notify,
            signal: this.#signal,
        });
        const account = openAccount(client, this.#limits, this.#notify);
        this.#opened.set(name, account);
        return account;
    }
}

function nonEmpty(value: string | undefined): string | undefined {
    return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function checkKey(key: string | undefined, name: string): string | undefined {
    // A line break in a header would be an error of Node.js that repeats it.
    if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
    throw new ConfigurationError(`${name} contains whitespace or characters that are not valid in an API key.`);
}

/**
 * @param name of what it was set with, for the message
 * @throws ConfigurationError
 */
export function checkBaseUrl(baseUrl: string, name: string): string {
    const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
    const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
    if (url === undefined || !secure || url.username !== "" || url.password !== "" || /[?#]/.test(baseUrl)) {
        throw new ConfigurationError(
            `${name} must be an https URL (http is allowed only for localhost) without a user name, query or fragment, like ` +
                defaultBaseUrl,
        );
    }
    return url.href.replace(/\/+$/, "");
}

function checkSeconds({ value, name }: Setting): number | undefined {
    if (value === undefined) return undefined;
    const result = v.safeParse(seconds, value);
    if (result.success) return result.output;
    throw new ConfigurationError(`${name} must be a number of seconds, from 0.001 to 86400.`);
}

function parseAccounts(text: string | undefined, defaultUrl: Setting<string>): [string, AccountSettings][] {
    if (nonEmpty(text) === undefined) return [];
    const name = "captions:accounts";
    const shape = `${name} must be an object like {"eu": {"apiKey": "…", "baseUrl": "…"}}`;
    const advice = `Set each key with: pulumi config set --secret --path '${name}["eu"].apiKey'`;
    let json: unknown;
    try {
        json = JSON.parse(text ?? "");
    } catch {
        throw new ConfigurationError(`${shape}, in JSON. ${advice}`);
    }
    const result = v.safeParse(accountsSchema, json);
    if (!result.success) {
        // The path is made of names: an account and its setting. What is set there is not shown.
        const path = v.getDotPath(result.issues[0]);
        throw new ConfigurationError(`${shape}; ${path ?? "it"} is missing or invalid. ${advice}`);
    }
    return Object.entries(result.output).map(([account, { apiKey, baseUrl }]) => {
        const ofAccount = `baseUrl of "${account}" in ${name}`;
        return [
            account,
            {
                apiKey: checkKey(apiKey, `The apiKey of "${account}" in ${name}`),
                baseUrl:
                    baseUrl === undefined
                        ? defaultUrl
                        : { value: checkBaseUrl(baseUrl, `The ${ofAccount}`), name: `the ${ofAccount}` },
                isKeyKept: true,
            },
        ];
    });
}
