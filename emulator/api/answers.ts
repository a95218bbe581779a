import type { IncomingHttpHeaders } from "node:http";
import type { Behaviour } from "../behaviour/behaviour";
import { oddForms } from "../behaviour/odd-entries";
import { urlForms } from "../behaviour/url-forms";
import type { RegisteredWebhook } from "../store/webhooks";

/** An answer before it is sent. */
export interface Answer {
    readonly status: number;
    /** A list is sent as several headers of one name. */
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly body: string;
}

export const maskedSecret = "********";

/** An error in the form that `errorBody` asks for. */
export function errorAnswer(status: number, message: string, { errorBody }: Behaviour): Answer {
    switch (errorBody) {
        case "json-error":
            return {
                status,
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ error: message }),
            };
        case "json-message":
            return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ message }) };
        case "text":
            return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: message };
        case "html":
            return {
                status,
                headers: { "Content-Type": "text/html; charset=utf-8" },
                body: htmlError(status, message),
            };
        case "empty":
            return { status, headers: {}, body: "" };
    }
}

function htmlError(status: number, message: string): string {
    const escaped = message.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    return `<!doctype html><title>${status}</title><h1>${status}</h1><p>${escaped}</p>`;
}

export function jsonAnswer(value: object, behaviour: Behaviour): Answer {
    const extra = behaviour.extraFields ? { requestId: "req_emulator", apiVersion: "2" } : {};
    return {
        status: 200,
        headers: { "Content-Type": behaviour.contentType },
        body: JSON.stringify({ ...value, ...extra }),
    };
}

/** A webhook as answers show it, which may differ from what was sent and from what is true. */
export function showWebhook(webhook: RegisteredWebhook, endpoint: string, behaviour: Behaviour): object {
    const { id, url, secret, enabledEvents } = webhook;
    const listed = endpoint === "list";
    const shown = {
        id,
        secret,
        url: urlForms[(listed ? behaviour.listUrlForm : null) ?? behaviour.urlForm](url),
        enabledEvents: eventOrders[behaviour.eventOrder](enabledEvents),
        ...(behaviour.extraFields ? { createdAt: "2026-01-01T00:00:00Z", status: "active", metadata: {} } : {}),
    };
    const form = behaviour.secrets === "masked-in-list" && listed ? "masked" : behaviour.secrets;
    const entry = changeSecrets(shown, form) as Record<string, unknown>;
    const odd = listed && Object.hasOwn(behaviour.oddWebhooks, id) ? behaviour.oddWebhooks[id] : undefined;
    return odd === undefined ? entry : oddForms[odd](entry);
}

/** Any JSON with each `secret` in it masked, emptied or left out. */
export function changeSecrets(value: unknown, form: Behaviour["secrets"]): unknown {
    if (Array.isArray(value)) return value.map((item) => changeSecrets(item, form));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) => {
            if (key !== "secret") return [[key, changeSecrets(item, form)]];
            if (form === "missing") return [];
            if (form === "masked") return [[key, maskedSecret]];
            return [[key, form === "empty" ? "" : item]];
        }),
    );
}

const eventOrders: Readonly<Record<Behaviour["eventOrder"], (events: readonly string[]) => string[]>> = {
    "as-sent": (events) => [...events],
    reversed: (events) => events.toReversed(),
    sorted: (events) => events.toSorted(),
    shuffled: (events) => shuffle(events),
    doubled: (events) => [...events, ...events],
};

export function shuffle<T>(items: readonly T[]): T[] {
    return items
        .map((item) => ({ item, key: Math.random() }))
        .sort((one, other) => one.key - other.key)
        .map(({ item }) => item);
}

/** What a careless server shows of a call: its headers with the API key, its body, and the account's secrets. */
export function echo(headers: IncomingHttpHeaders, body: unknown, webhooks: Iterable<RegisteredWebhook>): string {
    const secrets = [...webhooks].map(({ id, secret }) => ({ id, secret }));
    return `The request was ${JSON.stringify({ headers, body, secrets })}`;
}
