import { CaptionsClient } from "./api/client";
import { defaultLimits, isLoopback, type Limits } from "./api/transport";
import { ConfigurationError } from "./errors";
import { Ledger } from "./lifecycle/ledger";

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
 * The stack's configuration wins. Pulumi itself keeps it in the state, encrypted where it is a secret; a webhook holds none of it.
 */

/** The API's address, from its page on webhooks. */
export const defaultBaseUrl = "https://api.captions.ai/api/webhooks";

export type GetSetting = (name: string) => string | undefined;
export type Environment = Readonly<Record<string, string | undefined>>;

interface AccountSettings {
    readonly apiKey: string | undefined;
    readonly baseUrl: string;
}

/** The accounts that are configured, and one ledger for each for as long as the process lives. */
export class Accounts {
    readonly #settings: Map<string | undefined, AccountSettings>;
    readonly #ledgers = new Map<string | undefined, Ledger>();
    readonly #limits: Limits;
    readonly #notify: (line: string) => void;

    /**
     * @param get reads the stack's configuration; the name comes without `captions:`
     * @throws ConfigurationError where a value is wrong; a missing key is found only when it is needed
     */
    constructor(get: GetSetting, environment: Environment, notify: (line: string) => void) {
        const setting = (name: string, variable: string) => nonEmpty(get(name)) ?? nonEmpty(environment[variable]);
        const baseUrl = checkBaseUrl(setting("baseUrl", "CAPTIONS_BASE_URL") ?? defaultBaseUrl, "captions:baseUrl");
        const apiKey = checkKey(setting("apiKey", "CAPTIONS_API_KEY"), "captions:apiKey");
        const seconds = (name: string, variable: string, milliseconds: number) =>
            checkSeconds(setting(name, variable), `captions:${name}`) ?? milliseconds;
        this.#limits = {
            ...defaultLimits,
            connect: seconds("connectTimeoutSeconds", "CAPTIONS_CONNECT_TIMEOUT_SECONDS", defaultLimits.connect),
            call: seconds("callTimeoutSeconds", "CAPTIONS_CALL_TIMEOUT_SECONDS", defaultLimits.call),
            listLag: seconds("listLagSeconds", "CAPTIONS_LIST_LAG_SECONDS", defaultLimits.listLag),
            patience: seconds("waitAtMostSeconds", "CAPTIONS_WAIT_AT_MOST_SECONDS", defaultLimits.patience),
        };
        this.#settings = new Map([[undefined, { apiKey, baseUrl }], ...parseAccounts(get("accounts"), baseUrl)]);
        this.#notify = notify;
    }

    /** The names of the accounts, without the default one. */
    get names(): readonly string[] {
        return [...this.#settings.keys()].filter((name) => name !== undefined);
    }

    hasKey(account: string | undefined): boolean {
        return this.#settings.get(account)?.apiKey !== undefined;
    }

    /**
     * What this run knows of an account, and the client to call it by.
     *
     * @throws ConfigurationError where the account is not configured, or has no key
     */
    ledger(account: string | undefined): Ledger {
        const known = this.#ledgers.get(account);
        if (known !== undefined) return known;
        const settings = this.#settings.get(account);
        if (settings === undefined) {
            throw new ConfigurationError(
                `The account "${account}" is not configured. Add it to captions:accounts: pulumi config set --secret ` +
                    `captions:accounts '{"${account}": {"apiKey": "…"}}'`,
            );
        }
        const { apiKey, baseUrl } = settings;
        if (apiKey === undefined) {
            throw new ConfigurationError(
                "There is no API key. Set it with `pulumi config set --secret captions:apiKey`, or in the environment " +
                    "variable CAPTIONS_API_KEY.",
            );
        }
        const client = new CaptionsClient({ apiKey, baseUrl, account, limits: this.#limits, notify: this.#notify });
        const ledger = new Ledger(client, this.#limits);
        this.#ledgers.set(account, ledger);
        return ledger;
    }
}

function nonEmpty(value: string | undefined): string | undefined {
    return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function checkKey(key: string | undefined, name: string): string | undefined {
    // A line break in a header would be an error of Node.js that repeats it.
    if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
    throw new ConfigurationError(`${name} holds white space or characters that no API key has. Set it again.`);
}

function checkBaseUrl(baseUrl: string, name: string): string {
    const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
    const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
    if (url === undefined || !secure || url.username !== "" || url.password !== "" || /[?#]/.test(baseUrl)) {
        throw new ConfigurationError(
            `${name} must be an https URL (http only for this machine) without a user name, query or fragment, like ` +
                defaultBaseUrl,
        );
    }
    return url.href.replace(/\/+$/, "");
}

function checkSeconds(value: string | undefined, name: string): number | undefined {
    if (value === undefined) return undefined;
    const seconds = Number(value);
    if (Number.isFinite(seconds) && seconds >= 0.001 && seconds <= 86_400) return seconds * 1000;
    throw new ConfigurationError(`${name} must be a number of seconds, from 0.001 to 86400.`);
}

function parseAccounts(text: string | undefined, defaultUrl: string): [string, AccountSettings][] {
    if (nonEmpty(text) === undefined) return [];
    const name = "captions:accounts";
    const shape = `${name} must be an object like {"eu": {"apiKey": "…", "baseUrl": "…"}}`;
    let accounts: unknown;
    try {
        accounts = JSON.parse(text ?? "");
    } catch {
        throw new ConfigurationError(`${shape}, in JSON. Set it with: pulumi config set --secret ${name} '…'`);
    }
    if (!isRecord(accounts)) throw new ConfigurationError(`${shape}.`);
    return Object.entries(accounts).map(([account, settings]) => {
        if (account === "" || !isRecord(settings) || typeof settings.apiKey !== "string" || settings.apiKey === "") {
            throw new ConfigurationError(`${shape}; "${account}" has no apiKey.`);
        }
        const { apiKey, baseUrl } = settings;
        if (baseUrl !== undefined && typeof baseUrl !== "string") throw new ConfigurationError(`${shape}.`);
        return [
            account,
            {
                apiKey: checkKey(apiKey, `apiKey of "${account}" in ${name}`),
                baseUrl:
                    baseUrl === undefined ? defaultUrl : checkBaseUrl(baseUrl, `baseUrl of "${account}" in ${name}`),
            },
        ];
    });
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
