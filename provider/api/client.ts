import {
    AnswerError,
    ApiError,
    CallError,
    ConnectionError,
    type Effect,
    ForbiddenError,
    RateLimitError,
    TlsError,
    UnauthorizedError,
} from "../errors";
import { type Answer, type Endpoint, parseAnswer, type RegisteredWebhook } from "./answers";
import { Gate } from "./gate";
import { readableMessage } from "./redact";
import { createTransport, type HttpAnswer, type Limits, type Transport } from "./transport";

/** How many calls are under way at once, at the most. */
const mostAtOnce = 8;

/** How often a call is sent in all, where it is certain that sending it again does no harm. */
const mostAttempts = 3;

/** What a webhook is to be. */
export interface WebhookSettings {
    readonly url: string;
    readonly enabledEvents: readonly string[];
}

export interface ClientOptions {
    readonly apiKey: string;
    readonly baseUrl: string;
    /** The name under which the account is configured; undefined for the default one. */
    readonly account?: string | undefined;
    readonly limits: Limits;
    /** Tells the user something while a call goes on. */
    readonly notify: (line: string) => void;
}

/**
 * The five calls of the webhooks API. A call is sent again by itself only where that can change nothing twice: when it
 * was never sent, when the API said 429, or when it only reads. All else ends in an error whose `effect` says what is known.
 */
export class CaptionsClient {
    readonly #options: ClientOptions;
    readonly #transport: Transport;
    readonly #gate = new Gate(mostAtOnce);

    constructor(options: ClientOptions) {
        this.#options = options;
        this.#transport = createTransport(options, options.limits, mostAtOnce);
    }

    /** The names of the events that a webhook can be notified of. */
    async events(): Promise<readonly string[]> {
        return (await this.#call("/events")).events;
    }

    async list(): Promise<readonly RegisteredWebhook[]> {
        return (await this.#call("/list")).registeredWebhooks;
    }

    register(settings: WebhookSettings): Promise<RegisteredWebhook> {
        return this.#call("/register", { url: settings.url, enabledEvents: settings.enabledEvents });
    }

    /** Changes what is given, and in any case rotates the secret. */
    update(id: string, change: Partial<WebhookSettings>): Promise<RegisteredWebhook> {
        return this.#call("/update", { id, ...change });
    }

    /** @returns what the API says: `false` is no success */
    async delete(id: string): Promise<boolean> {
        return (await this.#call("/delete", { id })).success;
    }

    async #call<E extends Endpoint>(endpoint: E, body?: unknown): Promise<Answer<E>> {
        const reads = endpoint === "/list" || endpoint === "/events";
        for (let attempt = 1; ; attempt++) {
            try {
                return await this.#gate.pass(() => this.#send(endpoint, body));
            } catch (error) {
                if (error instanceof RateLimitError) throw error;
                if (error instanceof ApiError && isWait(error.status)) {
                    if (Date.now() - this.#refusedSince > this.#options.limits.patience)
                        throw this.#gaveUp(endpoint, error);
                    // A 503 may come from something in front of the API, after the work was done.
                    if (error.status !== 429 && !reads) throw error;
                    // To have waited as told is no failure that counts.
                    attempt--;
                    continue;
                }
                const harmless = error instanceof CallError && (reads || error.effect === "none");
                const hopeless = error instanceof TlsError || (error instanceof ApiError && error.status < 500);
                if (!harmless || hopeless || attempt >= mostAttempts) throw error;
                if (!(error instanceof ConnectionError && error.stale)) this.#gate.close(this.#backoff(attempt));
            }
        }
    }

    async #send<E extends Endpoint>(endpoint: E, body: unknown): Promise<Answer<E>> {
        const answer = await this.#transport(endpoint, body).catch((error: unknown) => {
            if (error instanceof ConnectionError) {
                const stop = error.message.endsWith("?") ? "" : ".";
                error.message = `${this.#what(endpoint)}: ${error.message}${stop}`;
            }
            throw error;
        });
        if (isWait(answer.status)) this.#wait(answer);
        if (answer.status < 200 || answer.status > 299) throw this.#refusal(endpoint, answer);
        this.#waits = 0;
        this.#refusedSince = Number.POSITIVE_INFINITY;
        this.#gate.widen();
        const parsed = parseAnswer(endpoint, answer.body);
        if (parsed === undefined) {
            throw new AnswerError(
                `${this.#what(endpoint)}: the answer is not what the API's documentation says ` +
                    `(${answer.body.length} characters, status ${answer.status}). Is the base URL right?`,
            );
        }
        return parsed;
    }

    /** How often in a row the API asked to wait without saying how long. */
    #waits = 0;
    /** Since when no call has come through. With many calls and a low limit a single one may wait for much longer. */
    #refusedSince = Number.POSITIVE_INFINITY;

    #wait(answer: HttpAnswer): void {
        this.#refusedSince = Math.min(this.#refusedSince, Date.now());
        const asked = parseRetryAfter(answer.retryAfter);
        const wait = asked ?? this.#backoff(++this.#waits);
        if (wait > this.#options.limits.patience) throw this.#tooLong(answer.status, wait);
        if (!this.#gate.close(wait)) return;
        const seconds = Math.ceil(wait / 1000);
        const until = new Date(Date.now() + wait).toTimeString().slice(0, 8);
        const reason = answer.status === 429 ? "too many calls, 429" : "not available at the moment, 503";
        this.#options.notify(`the API asks to wait ${seconds} s (${reason}); going on by itself at ${until}`);
    }

    #backoff(attempt: number): number {
        const most = Math.min(this.#options.limits.backoff * 2 ** (attempt - 1), 60_000);
        return most * (0.5 + Math.random() / 2);
    }

    #what(endpoint: Endpoint): string {
        const account = this.#options.account === undefined ? "" : ` (account "${this.#options.account}")`;
        return `POST ${this.#options.baseUrl}${endpoint}${account}`;
    }

    #refusal(endpoint: Endpoint, answer: HttpAnswer): ApiError {
        const { status } = answer;
        const said = readableMessage(answer.body);
        const what = `${this.#what(endpoint)}: status ${status}${said === "" ? "" : `, "${said}"`}.`;
        if (status === 401) {
            return new UnauthorizedError(
                `${what} The API key is not accepted: is ${this.#keyName()} the right one, and still valid? After a ` +
                    "change of it in the stack's configuration, run `pulumi up` first: until then `refresh` and `destroy` use " +
                    "the one before.",
                status,
                "none",
            );
        }
        if (status === 403) {
            return new ForbiddenError(
                `${what} The API key (${this.#keyName()}) may not use webhooks: they are open only to accounts with an ` +
                    "enterprise contract. Ask your contact at Captions, or use the key of another account.",
                status,
                "none",
            );
        }
        if (status >= 300 && status < 400) {
            const next = "Redirects are never followed, as the API key would go along: check the base URL.";
            return new ApiError(`${what} ${next}`, status, "unknown");
        }
        if (status === 404) {
            return new ApiError(`${what} If this persists for all webhooks, check the base URL.`, status, "none");
        }
        const effect: Effect = status < 500 ? "none" : "unknown";
        return new ApiError(what, status, effect);
    }

    #keyName(): string {
        return this.#options.account === undefined
            ? "captions:apiKey or CAPTIONS_API_KEY"
            : `apiKey of "${this.#options.account}" in captions:accounts`;
    }

    #tooLong(status: number, wait: number): RateLimitError {
        return new RateLimitError(
            `${this.#options.baseUrl} asks to wait ${Math.ceil(wait / 1000)} s (status ${status}), longer than this ` +
                "provider waits. Nothing was changed by this call; run again later.",
            status,
            status === 429 ? "none" : "unknown",
        );
    }

    #gaveUp(endpoint: Endpoint, last: ApiError): RateLimitError {
        return new RateLimitError(
            `${this.#what(endpoint)}: still status ${last.status} after ` +
                `${Math.round(this.#options.limits.patience / 1000)} s of waiting. Run again later.`,
            last.status,
            last.status === 429 ? "none" : "unknown",
        );
    }
}

function isWait(status: number): boolean {
    return status === 429 || status === 503;
}

/** A hundred years, in seconds: longer waits are not told apart. */
const longestWait = 3_155_760_000;

/** Milliseconds to wait as a `Retry-After` header says it: seconds or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
    if (header === undefined) return undefined;
    if (/^\s*\d+\s*$/.test(header)) return Math.min(Number(header), longestWait) * 1000;
    const date = Date.parse(header);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
