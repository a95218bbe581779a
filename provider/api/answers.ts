import * as v from "valibot";

/**
 * What the API answers, as the page on webhooks of its documentation describes it. Unknown fields are ignored: they may be added any day.
 */

/** A webhook as the API tells of it. `secret` is undefined where the answer had none that can be used. */
export interface RegisteredWebhook {
    readonly id: string;
    readonly url: string;
    readonly enabledEvents: readonly string[];
    readonly secret: string | undefined;
}

/**
 * Whether a secret can be a real one. APIs are known to mask secrets in some answers (`********`, `whsec_…abcd`); stored
 * instead of the real one, such a text makes every delivery fail.
 */
export function isUsableSecret(secret: unknown): secret is string {
    return (
        typeof secret === "string" &&
        /^[\x21-\x7e]+$/.test(secret) &&
        !/\*\*|\.\.\.|^[*x.\-_]+$|redacted|masked|hidden/i.test(secret)
    );
}

const webhook = v.pipe(
    v.object({
        id: v.pipe(v.string(), v.minLength(1)),
        url: v.string(),
        enabledEvents: v.array(v.string()),
        secret: v.optional(v.unknown()),
    }),
    v.transform(
        (answer): RegisteredWebhook => ({
            ...answer,
            secret: isUsableSecret(answer.secret) ? answer.secret : undefined,
        }),
    ),
);

export const answers = {
    "/events": v.object({ events: v.array(v.string()) }),
    "/list": v.object({ registeredWebhooks: v.array(webhook) }),
    "/register": webhook,
    "/update": webhook,
    "/delete": v.object({ success: v.boolean() }),
};

export type Endpoint = keyof typeof answers;
export type Answer<E extends Endpoint> = v.InferOutput<(typeof answers)[E]>;

/** The answer of an endpoint, or undefined where `body` is not of its shape. */
export function parseAnswer<E extends Endpoint>(endpoint: E, body: string): Answer<E> | undefined {
    let json: unknown;
    try {
        json = JSON.parse(body);
    } catch {
        return undefined;
    }
    const result = v.safeParse(answers[endpoint], json);
    return result.success ? (result.output as Answer<E>) : undefined;
}
