import * as v from "valibot";

/**
 * What the API responds, as its page on webhooks describes it. Unknown fields are ignored: more may be added any day.
 */

/** A webhook as the API shows it. `secret` is undefined where the response has none that can be used. */
export interface RegisteredWebhook {
    readonly id: string;
    readonly url: string;
    readonly enabledEvents: readonly string[];
    readonly secret: string | undefined;
}

/** The response of `/list`: one odd webhook, perhaps of somebody else, must not hide the others. */
export interface WebhookList {
    /** Those of the documented shape. */
    readonly webhooks: readonly RegisteredWebhook[];
    /**
     * The ids of those that have an id, and are otherwise not of the documented shape. They are registered all the
     * same.
     */
    readonly unreadableIds: readonly string[];
    /** How many have not even an id. */
    readonly withoutId: number;
}

/** Shorter ones are words, and no secret that anybody would rely on. */
const minSecretLength = 8;

/**
 * Whether a secret can be a real one. APIs are known to mask secrets in some responses (`********`, `whsec_…abcd`);
 * stored instead of the real one, such a text makes every delivery fail. Six equal characters in a row are a mask: in a
 * random secret they come up once in some ten million.
 */
export function isUsableSecret(secret: unknown): secret is string {
    return (
        typeof secret === "string" &&
        secret.length >= minSecretLength &&
        /^[\x21-\x7e]+$/.test(secret) &&
        !/\*\*|\.\.\.|(.)\1{5}|^[*x.\-_]+$|redacted|masked|hidden|undefined|\(secret\)/i.test(secret)
    );
}

/** A number is taken for the same id as its text, so that a webhook is not lost when the API changes its mind. */
const id = v.pipe(
    v.union([v.string(), v.number()]),
    v.transform((text) => String(text)),
    // As `adopt` takes it. Anything else could move the cursor on the screen of whoever reads a message.
    v.regex(/^[\x21-\x7e]{1,256}$/),
);

const webhook = v.pipe(
    v.object({ id, url: v.string(), enabledEvents: v.array(v.string()), secret: v.optional(v.unknown()) }),
    v.transform(
        (shown): RegisteredWebhook => ({
            ...shown,
            secret: isUsableSecret(shown.secret) ? shown.secret : undefined,
        }),
    ),
);

const list = v.pipe(
    v.object({ registeredWebhooks: v.array(v.unknown()) }),
    v.transform(({ registeredWebhooks }): WebhookList => {
        const webhooks: RegisteredWebhook[] = [];
        const unreadableIds: string[] = [];
        let withoutId = 0;
        for (const entry of registeredWebhooks) {
            const whole = v.safeParse(webhook, entry);
            const named = v.safeParse(v.object({ id }), entry);
            if (whole.success) {
                webhooks.push(whole.output);
            } else if (named.success) {
                unreadableIds.push(named.output.id);
            } else {
                withoutId++;
            }
        }
        return { webhooks, unreadableIds, withoutId };
    }),
);

const responses = {
    "/events": v.object({ events: v.array(v.string()) }),
    "/list": list,
    "/register": webhook,
    "/update": webhook,
    "/delete": v.object({ success: v.boolean() }),
};

export type Endpoint = keyof typeof responses;
export type ResponseOf<E extends Endpoint> = v.InferOutput<(typeof responses)[E]>;

/** The response of an endpoint, or undefined where `body` is not of its shape. */
export function parseResponse<E extends Endpoint>(endpoint: E, body: string): ResponseOf<E> | undefined {
    let json: unknown;
    try {
        json = JSON.parse(body);
    } catch {
        return undefined;
    }
    const result = v.safeParse(responses[endpoint], json);
    return result.success ? (result.output as ResponseOf<E>) : undefined;
}
