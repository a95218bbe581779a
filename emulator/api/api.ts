import type { IncomingHttpHeaders } from "node:http";
import * as v from "valibot";
import type { Behaviour } from "../behaviour/behaviour";
import { describeIssue } from "../behaviour/issues";
import { oddNeighbour } from "../behaviour/odd-entries";
import { retryAfterForms } from "../behaviour/retry-after";
import { progressOf, signedUrl, type Video, type VideoRequest, type VideoStore } from "../store/videos";
import type { WebhookStore } from "../store/webhooks";
import { type Answer, echo, errorAnswer, jsonAnswer, showWebhook, shuffle } from "./answers";
import { type Endpoint, webhookEndpoints } from "./calls";
import { isSameKey } from "./key";
import { RateLimiter } from "./rate-limiter";
import { type Body, mostBodyBytes } from "./requests";

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

/** A call that is answered with an error. */
class Rejection {
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

/** The work behind the endpoints: who may call, what is rejected, what changes, what is answered. */
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
            if (!(error instanceof Rejection)) throw error;
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
        if (endpoint === "other") throw new Rejection(404, "There is no such endpoint.");
        if (method !== "POST") throw new Rejection(405, "Every call is a POST.", { Allow: "POST" });
        if (!isSameKey(headers["x-api-key"], this.#options.apiKey)) {
            throw new Rejection(behaviour.badKeyStatus, "The API key in x-api-key is missing or wrong.");
        }
        if ((webhookEndpoints as readonly string[]).includes(endpoint)) {
            if (behaviour.noContract) {
                throw new Rejection(behaviour.noContractStatus, "Webhooks need an enterprise contract.");
            }
            const waitMs = this.#limiter.pass(behaviour.rateLimit, this.#options.now());
            if (waitMs > 0) {
                const message = `Too many calls: the next one may come in ${Math.ceil(waitMs / 1000)} s.`;
                throw new Rejection(behaviour.rateLimitStatus, message, this.#retryAfter(waitMs, behaviour));
            }
        }
        if (body.problem === "too-large") throw new Rejection(413, `The body is larger than ${mostBodyBytes} bytes.`);
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
                throw new Rejection(404, "There is no such endpoint.");
        }
    }

    #parse<Name extends keyof typeof bodies>(name: Name, body: Body): v.InferOutput<(typeof bodies)[Name]> {
        const reject = (message: string): never => {
            throw new Rejection(this.#options.behaviour().badRequestStatus, message);
        };
        if (body.problem === "wrong-content-type") return reject("The body needs Content-Type: application/json.");
        if (body.problem !== undefined) return reject("The body is not JSON.");
        const result = v.safeParse(bodies[name], body.json ?? {});
        return result.success
            ? (result.output as v.InferOutput<(typeof bodies)[Name]>)
            : reject(describeIssue(result.issues[0]));
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
        const twin = behaviour.duplicateUrls === "allowed" ? undefined : webhooks.findByUrl(body.url);
        if (twin === undefined) {
            const enabledEvents = behaviour.ignoredFields.includes("enabledEvents")
                ? behaviour.events
                : body.enabledEvents;
            return showWebhook(webhooks.register({ ...body, enabledEvents }), "register", behaviour);
        }
        if (behaviour.duplicateUrls === "refused") {
            throw new Rejection(behaviour.duplicateUrlStatus, `The webhook ${twin.id} has this URL already.`);
        }
        const rotated = behaviour.duplicateUrls === "merged-new-secret" ? webhooks.update(twin.id, {}) : undefined;
        return showWebhook(rotated ?? twin, "register", behaviour);
    }

    #update({ id, ...change }: v.InferOutput<typeof bodies.update>, behaviour: Behaviour): object {
        const { webhooks } = this.#options;
        if (webhooks.find(id) === undefined) throw unknownWebhook(id, behaviour);
        this.#checkSettings(change, behaviour);
        const twin = change.url === undefined ? undefined : webhooks.findByUrl(change.url, id);
        if (twin !== undefined && behaviour.duplicateUrls === "refused") {
            throw new Rejection(behaviour.duplicateUrlStatus, `The webhook ${twin.id} has this URL already.`);
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
            throw new Rejection(behaviour.unknownIdStatus, `There is no operation with the id ${operationId}.`);
        }
        if (video.outcome === "success") {
            return { state: "COMPLETE", url: signedUrl(this.#options.emulatorUrl(), video) };
        }
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
            throw new Rejection(behaviour.badUrlStatus, "The url is not an absolute http or https URL.");
        }
        const unknown = enabledEvents?.find((event) => !behaviour.events.includes(event));
        if (unknown !== undefined) throw new Rejection(behaviour.unknownEventStatus, `There is no event "${unknown}".`);
    }
}

function unknownWebhook(id: string, behaviour: Behaviour): Rejection {
    return new Rejection(behaviour.unknownIdStatus, `There is no webhook with the id ${id}.`);
}
