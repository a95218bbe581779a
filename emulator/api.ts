import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import * as v from "valibot";
import { type Answer, echo, errorAnswer, jsonAnswer, showWebhook, shuffle } from "./answers";
import { type Behaviour, describeIssue } from "./behaviour";
import { type Endpoint, webhookEndpoints } from "./calls";
import { oddNeighbour } from "./odd-entries";
import { RateLimiter } from "./rate-limiter";
import { type Body, mostBodyBytes } from "./requests";
import { retryAfterForms } from "./retry-after";
import { progressOf, signedUrl, type Video, type VideoRequest, type VideoStore } from "./videos";
import type { WebhookStore } from "./webhooks";

export interface ApiRequest {
    readonly endpoint: Endpoint;
    readonly method: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: Body;
}

export interface ApiOptions {
    readonly apiKey: string;
    readonly emulatorUrl: () => string;
    readonly behaviour: () => Behaviour;
    readonly webhooks: WebhookStore;
    readonly videos: VideoStore;
    readonly submit: (request: VideoRequest) => Video;
    readonly now: () => number;
}

/** What an endpoint refuses; `status` is the switch that says with which status. */
class Refusal {
    constructor(
        readonly status: number,
        readonly message: string,
        readonly headers: Answer["headers"] = {},
    ) {}
}

/** The longest script, says the documentation of the AI Creator API. */
const longestScript = 800;

const text = v.pipe(v.string(), v.minLength(1));
const bodies = {
    register: v.object({ url: text, enabledEvents: v.pipe(v.array(text), v.minLength(1)) }),
    update: v.object({
        id: text,
        url: v.optional(text),
        enabledEvents: v.optional(v.pipe(v.array(text), v.minLength(1))),
    }),
    delete: v.object({ id: text }),
    submit: v.object({
        script: v.pipe(v.string(), v.minLength(1), v.maxLength(longestScript)),
        creatorName: v.optional(v.string()),
        resolution: v.optional(v.string()),
    }),
    poll: v.object({ operationId: text }),
};

/** The work behind the endpoints: who may call, what is refused, what changes, what is answered. */
export class Api {
    readonly #options: ApiOptions;
    readonly #limiter = new RateLimiter();

    constructor(options: ApiOptions) {
        this.#options = options;
    }

    answer(request: ApiRequest): Answer {
        const behaviour = this.#options.behaviour();
        try {
            this.#admit(request, behaviour);
            return jsonAnswer(this.#work(request, behaviour), behaviour);
        } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            const details = behaviour.echoSecrets
                ? ` ${echo(request.headers, request.body.json, this.#options.webhooks.all)}`
                : "";
            const answer = errorAnswer(error.status, error.message + details, behaviour);
            return { ...answer, headers: { ...answer.headers, ...error.headers } };
        }
    }

    /** Forgets which calls it has counted against the rate limit. */
    reset(): void {
        this.#limiter.clear();
    }

    #admit({ endpoint, method, headers, body }: ApiRequest, behaviour: Behaviour): void {
        if (endpoint === "other") throw new Refusal(404, "There is no such endpoint.");
        if (method !== "POST") throw new Refusal(405, "Every call is a POST.", { Allow: "POST" });
        if (!sameKey(headers["x-api-key"], this.#options.apiKey)) {
            throw new Refusal(behaviour.badKeyStatus, "The API key in x-api-key is missing or wrong.");
        }
        if ((webhookEndpoints as readonly string[]).includes(endpoint)) {
            if (behaviour.noContract) {
                throw new Refusal(behaviour.noContractStatus, "Webhooks need an enterprise contract.");
            }
            const waitMs = this.#limiter.pass(behaviour.rateLimit, this.#options.now());
            if (waitMs > 0) {
                const message = `Too many calls: the next one may come in ${Math.ceil(waitMs / 1000)} s.`;
                throw new Refusal(behaviour.rateLimitStatus, message, this.#retryAfter(waitMs, behaviour));
            }
        }
        if (body.problem === "too-large") throw new Refusal(413, `The body is larger than ${mostBodyBytes} bytes.`);
    }

    #work(request: ApiRequest, behaviour: Behaviour): object {
        switch (request.endpoint) {
            case "events":
                return { events: behaviour.events };
            case "list":
                return { registeredWebhooks: this.#list(behaviour) };
            case "register":
                return this.#register(this.#parse("register", request.body), behaviour);
            case "update":
                return this.#update(this.#parse("update", request.body), behaviour);
            case "delete":
                return { success: this.#delete(this.#parse("delete", request.body).id, behaviour) };
            case "submit":
                return { operationId: this.#options.submit(this.#parse("submit", request.body)).operationId };
            case "poll":
                return this.#poll(this.#parse("poll", request.body).operationId, behaviour);
            case "other":
                throw new Refusal(404, "There is no such endpoint.");
        }
    }

    #parse<Name extends keyof typeof bodies>(name: Name, body: Body): v.InferOutput<(typeof bodies)[Name]> {
        const refuse = (message: string): never => {
            throw new Refusal(this.#options.behaviour().badRequestStatus, message);
        };
        if (body.problem === "wrong-content-type") return refuse("The body needs Content-Type: application/json.");
        if (body.problem !== undefined) return refuse("The body is no JSON.");
        const result = v.safeParse(bodies[name], body.json ?? {});
        return result.success
            ? (result.output as v.InferOutput<(typeof bodies)[Name]>)
            : refuse(describeIssue(result.issues[0]));
    }

    #retryAfter(waitMs: number, { retryAfter }: Behaviour): Answer["headers"] {
        const value = retryAfterForms[retryAfter](waitMs, this.#options.now());
        return value === undefined ? {} : { "Retry-After": value };
    }

    #list(behaviour: Behaviour): unknown[] {
        const { webhooks, now } = this.#options;
        const visible = behaviour.listLagMs > 0 ? webhooks.asOf(now() - behaviour.listLagMs) : webhooks.all;
        const ordered = {
            "oldest-first": () => visible,
            "newest-first": () => visible.toReversed(),
            shuffled: () => shuffle(visible),
        }[behaviour.listOrder]();
        return [
            ...behaviour.oddNeighbours.map(oddNeighbour),
            ...ordered.map((webhook) => showWebhook(webhook, "list", behaviour)),
        ];
    }

    #register(body: v.InferOutput<typeof bodies.register>, behaviour: Behaviour): object {
        this.#checkSettings(body, behaviour);
        const { webhooks } = this.#options;
        const twin = behaviour.duplicateUrls === "allowed" ? undefined : this.#onSameUrl(body.url);
        if (twin === undefined) {
            const enabledEvents = behaviour.ignoredFields.includes("enabledEvents")
                ? behaviour.events
                : body.enabledEvents;
            return showWebhook(webhooks.register({ ...body, enabledEvents }), "register", behaviour);
        }
        if (behaviour.duplicateUrls === "refused") {
            throw new Refusal(behaviour.duplicateUrlStatus, `The webhook ${twin.id} has this URL already.`);
        }
        const rotated = behaviour.duplicateUrls === "merged-new-secret" ? webhooks.update(twin.id, {}) : undefined;
        return showWebhook(rotated ?? twin, "register", behaviour);
    }

    #update({ id, ...change }: v.InferOutput<typeof bodies.update>, behaviour: Behaviour): object {
        const { webhooks } = this.#options;
        if (webhooks.find(id) === undefined) throw unknownWebhook(id, behaviour);
        this.#checkSettings(change, behaviour);
        const twin = change.url === undefined ? undefined : this.#onSameUrl(change.url, id);
        if (twin !== undefined && behaviour.duplicateUrls === "refused") {
            throw new Refusal(behaviour.duplicateUrlStatus, `The webhook ${twin.id} has this URL already.`);
        }
        const heeded = Object.entries(change).filter(
            ([field]) => !(behaviour.ignoredFields as readonly string[]).includes(field),
        );
        const updated = webhooks.update(id, Object.fromEntries(heeded));
        if (updated === undefined) throw unknownWebhook(id, behaviour);
        return showWebhook(updated, "update", behaviour);
    }

    #delete(id: string, behaviour: Behaviour): boolean {
        const { webhooks } = this.#options;
        if (webhooks.find(id) === undefined) {
            if (behaviour.deleteUnknown === "error") throw unknownWebhook(id, behaviour);
            return behaviour.deleteUnknown === "success";
        }
        return !behaviour.deleteAnswersFalse && webhooks.remove(id);
    }

    #poll(operationId: string, behaviour: Behaviour): object {
        const video = this.#options.videos.find(operationId);
        if (video === undefined) {
            throw new Refusal(behaviour.unknownIdStatus, `There is no operation with the id ${operationId}.`);
        }
        if (video.outcome === "success")
            return { state: "COMPLETE", url: signedUrl(this.#options.emulatorUrl(), video) };
        // What a failed operation answers is not documented.
        if (video.outcome === "failure") return { state: "FAILED", error: "The video could not be made." };
        return { state: "PROCESSING", progress: progressOf(video, this.#options.now()) };
    }

    #checkSettings(
        { url, enabledEvents }: { url?: string | undefined; enabledEvents?: string[] | undefined },
        behaviour: Behaviour,
    ): void {
        // http too: a receiver on this machine has no certificate.
        if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) {
            throw new Refusal(behaviour.badUrlStatus, "The url is no absolute http or https URL.");
        }
        const unknown = enabledEvents?.find((event) => !behaviour.events.includes(event));
        if (unknown !== undefined) throw new Refusal(behaviour.unknownEventStatus, `There is no event "${unknown}".`);
    }

    #onSameUrl(url: string, except?: string) {
        const { href } = new URL(url);
        return this.#options.webhooks.all.find(
            (webhook) => webhook.id !== except && URL.canParse(webhook.url) && new URL(webhook.url).href === href,
        );
    }
}

function unknownWebhook(id: string, behaviour: Behaviour): Refusal {
    return new Refusal(behaviour.unknownIdStatus, `There is no webhook with the id ${id}.`);
}

/** In constant time, and whatever the lengths: the digests are equally long. */
function sameKey(given: string | string[] | undefined, expected: string): boolean {
    const digest = (key: string): Buffer => createHash("sha256").update(key).digest();
    return timingSafeEqual(digest(String(given ?? "")), digest(expected)) && given !== undefined;
}
