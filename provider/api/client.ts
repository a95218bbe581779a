import { CallError } from "../errors";
import { type Attempt, type Ending, endingOf, endings } from "./endings";
import { Gate } from "./gate";
import type { Limits } from "./limits";
import { readableMessage } from "./redact";
import { type Endpoint, parseResponse, type RegisteredWebhook, type ResponseOf, type WebhookList } from "./responses";
import { backoffMs, maxAttempts, parseRetryAfter, waitMs } from "./retry";
import { createTransport, type Transport } from "./transport";

/** How many calls are under way at once, at the most. */
const maxConcurrentCalls = 8;

/** What a webhook is to be. */
export interface WebhookSettings {
    readonly url: string;
    readonly enabledEvents: readonly string[];
}

export interface ClientOptions {
    readonly apiKey: string;
    readonly baseUrl: string;
    readonly limits: Limits;
    /** What users call the settings that a message advises to check. */
    readonly names: {
        /** The account, where it is not the default one: ` (account "eu")`. */
        readonly account: string;
        readonly apiKey: string;
        readonly baseUrl: string;
        readonly maxWait: string;
        /** What to do after a change of the key, where the key may come from an earlier run. */
        readonly keyAdvice: string;
    };
    /** Tells the user something while a call goes on. */
    readonly notify: (line: string) => void;
    /** Ends waits and reading calls, and keeps calls from being sent. Calls that change something come to their end. */
    readonly signal?: AbortSignal | undefined;
}

/**
 * The five calls of the webhooks API. When a call is sent again by itself stands in the table {@link endings}; all else
 * ends in a {@link CallError} whose `meaning` says what is known.
 */
export class CaptionsClient {
    readonly #options: ClientOptions;
    readonly #transport: Transport;
    readonly #gate: Gate;
    /** How many waits in a row the API has asked for. */
    #waits = 0;
    /** Since when every response was a wait. */
    #waitingSince: number | undefined;

    constructor(options: ClientOptions) {
        this.#options = options;
        this.#gate = new Gate(maxConcurrentCalls, options.signal);
        this.#transport = createTransport(options, options.limits, options.names.baseUrl);
    }

    /** Aborted where the run is cancelled. */
    get signal(): AbortSignal | undefined {
        return this.#options.signal;
    }

    /** The names of the events that a webhook can be notified of. */
    async events(): Promise<readonly string[]> {
        return (await this.#call("/events")).events;
    }

    list(): Promise<WebhookList> {
        return this.#call("/list");
    }

    /** @param onSend called immediately before it is sent, each time: it may have waited for its turn until then */
    register(settings: WebhookSettings, onSend?: () => void): Promise<RegisteredWebhook> {
        return this.#call("/register", { url: settings.url, enabledEvents: settings.enabledEvents }, onSend);
    }

    /** Changes what is given, and in any case rotates the secret. */
    update(id: string, change: Partial<WebhookSettings>): Promise<RegisteredWebhook> {
        return this.#call("/update", { id, ...change });
    }

    /** @returns what the API says: `false` is no success */
    async delete(id: string): Promise<boolean> {
        return (await this.#call("/delete", { id })).success;
    }

    async #call<E extends Endpoint>(endpoint: E, body?: object, onSend?: () => void): Promise<ResponseOf<E>> {
        const rule = endpoint === "/list" || endpoint === "/events" ? "reading" : "writing";
        let failures = 0;
        for (;;) {
            const attempt = await this.#gate.pass(async () => {
                onSend?.();
                const result = await this.#transport(endpoint, body, rule === "reading" ? this.signal : undefined);
                this.#settleWaits(result);
                return result;
            });
            const text = attempt.kind === "response" ? attempt.body : undefined;
            const parsed = text === undefined ? undefined : parseResponse(endpoint, text);
            const ending = endingOf(attempt, parsed !== undefined);
            if (ending === "success (2xx)") return parsed as ResponseOf<E>;
            const again = endings[ending][rule];
            const problem = this.#waitProblem(attempt);
            if (again === "after the wait" && problem === undefined) continue;
            failures++;
            if (again !== "a few times" || failures >= maxAttempts) {
                throw this.#error(endpoint, attempt, ending, { more: problem ?? "", sent: pathIn(body) });
            }
            this.#gate.close(backoffMs(this.#options.limits.firstBackoffMs, failures));
        }
    }

    /** Has all calls wait when the API asks for it, and ends that period with any response that is no wait. */
    #settleWaits(attempt: Attempt): void {
        if (attempt.kind !== "response") return;
        if (!isWait(attempt)) {
            this.#waits = 0;
            this.#waitingSince = undefined;
            if (attempt.status < 500) this.#gate.widen();
            return;
        }
        this.#waitingSince ??= Date.now();
        // Calls that were under way together are asked to wait together: that is one wait.
        if (!this.#gate.isClosed) this.#waits++;
        const { firstBackoffMs, maxWaitMs } = this.#options.limits;
        const asked = parseRetryAfter(attempt.retryAfter);
        // A call that is asked to wait for longer fails, and holds nothing back.
        if (asked !== undefined && asked > maxWaitMs) return;
        const wait = Math.min(waitMs(asked, backoffMs(firstBackoffMs, Math.max(1, this.#waits))), maxWaitMs);
        if (!this.#gate.close(wait)) return;
        const seconds = Math.ceil(wait / 1000);
        const until = `${new Date(Date.now() + wait).toISOString().slice(11, 19)} UTC`;
        const reason =
            attempt.status === 429 ? "too many calls, status 429" : "not available at the moment, status 503";
        this.#options.notify(`the API asks to wait ${seconds} s (${reason}); calls continue automatically at ${until}`);
    }

    /** Why a wait is not waited for: it is too long, or has gone on for too long. */
    #waitProblem(attempt: Attempt): string | undefined {
        if (!isWait(attempt)) return undefined;
        const { maxWaitMs } = this.#options.limits;
        const limit = `${this.#options.names.maxWait} (${Math.round(maxWaitMs / 1000)} s) allows. Run it again later.`;
        const asked = parseRetryAfter(attempt.retryAfter) ?? 0;
        if (asked > maxWaitMs) {
            return ` The API asks to wait ${Math.ceil(asked / 1000)} s, longer than ${limit}`;
        }
        if (Date.now() - (this.#waitingSince ?? Date.now()) > maxWaitMs) {
            return ` It has asked to wait for longer than ${limit}`;
        }
        return undefined;
    }

    #error(
        endpoint: Endpoint,
        attempt: Attempt,
        ending: Ending,
        { more, sent }: { readonly more: string; readonly sent: string },
    ): CallError {
        const { names, baseUrl } = this.#options;
        const call = `POST ${baseUrl}${endpoint}${names.account}`;
        const { meaning } = endings[ending];
        if (attempt.kind !== "response") return new CallError(`${call}: ${attempt.reason}.`, meaning);
        const { status, body } = attempt;
        if (ending === "success (2xx), response cut off or unusable") {
            const problem =
                body === undefined
                    ? attempt.reason
                    : `the response does not match the API documentation (${body.length} characters)`;
            return new CallError(`${call}: status ${status}, but ${problem}. Check ${names.baseUrl}.`, meaning, status);
        }
        const said = readableMessage(body ?? "", sent).replace(/\.$/, "");
        const what = `${call}: status ${status}${said === "" ? "" : `, "${said}"`}.`;
        return new CallError(`${what}${this.#advice(status)}${more}`, meaning, status);
    }

    #advice(status: number): string {
        const { names } = this.#options;
        if (status === 401) {
            return ` The API key is not accepted. Check that ${names.apiKey} is correct and has not been revoked.${names.keyAdvice}`;
        }
        if (status === 403) {
            return (
                ` The API key (${names.apiKey}) is not allowed to use webhooks, which require an enterprise contract. ` +
                "Ask your contact at Captions, or use the key of another account."
            );
        }
        if (status >= 300 && status <= 399) {
            return ` Redirects are never followed, because the API key would be sent along. Check ${names.baseUrl}.`;
        }
        return status === 404 ? ` If this persists for all webhooks, check ${names.baseUrl}.` : "";
    }
}

/** What may be a token of the user's in a call: the path and the query of a webhook's URL. */
function pathIn(body: object | undefined): string {
    const url: unknown = body !== undefined && "url" in body ? body.url : undefined;
    return typeof url === "string" && URL.canParse(url) ? url.slice(url.indexOf(new URL(url).hostname)) : "";
}

function isWait(attempt: Attempt): attempt is Attempt & { kind: "response" } {
    return attempt.kind === "response" && (attempt.status === 429 || attempt.status === 503);
}
