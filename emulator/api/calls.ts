/** The five webhook endpoints, the two of the creator, and whatever else is asked for below neither of them. */
export type Endpoint = "events" | "register" | "list" | "update" | "delete" | "submit" | "poll" | "other";

/** The endpoints that `countCalls()` counts together. */
export const webhookEndpoints = [
    "events",
    "register",
    "list",
    "update",
    "delete",
] as const satisfies readonly Endpoint[];

const paths: Readonly<Record<string, Endpoint>> = {
    ...Object.fromEntries(webhookEndpoints.map((name) => [`/api/webhooks/${name}`, name])),
    "/api/creator/submit": "submit",
    "/api/creator/poll": "poll",
};

/** A call of the API as the emulator saw it. Neither the API key nor a secret is ever in it. */
export interface Call {
    /** When it came, in milliseconds since 1970. */
    readonly at: number;
    readonly endpoint: Endpoint;
    readonly path: string;
    /** The body as JSON; undefined where there was none, or no JSON. */
    readonly body?: unknown;
    /** The webhook that it was about. */
    readonly webhookId?: string;
    /** The fault that happened to it. */
    readonly fault?: string;
    /** Undefined as long as no answer was begun. */
    readonly status?: number;
    /** Whether a whole answer was sent. */
    readonly answered: boolean;
}

export function endpointOf(path: string): Endpoint {
    return Object.hasOwn(paths, path) ? (paths[path] ?? "other") : "other";
}

/** Shorter keys are found by chance in URLs and names, which would then be mangled. */
const shortestKey = 8;

/** A value without the API key and without anything that looks like a secret, at any depth: for the journal. */
export function withoutSecrets(value: unknown, apiKey: string): unknown {
    if (typeof value === "string") {
        const text = value.replace(/whsec_[\w-]+/g, "********");
        return apiKey.length < shortestKey ? text : text.replaceAll(apiKey, "********");
    }
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, apiKey));
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, apiKey)]);
        return Object.fromEntries(entries);
    }
    return value;
}
