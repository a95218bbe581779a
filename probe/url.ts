import { isLoopback } from "./provider";

/** Whether secrets may be sent to a URL: https, or http to this machine. */
export function isSafeForSecrets(url: string): boolean {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    return parsed?.protocol === "https:" || (parsed?.protocol === "http:" && isLoopback(parsed.hostname));
}

/** What `RotatingWebhook` adds to a URL with `distinctUrls`: always the last parameter, with a generation's name. */
const generationParameter = /[?&]generation=((?:[\w.:-]|%3A){1,100})$/i;

/**
 * A URL for a message: its host, and the generation that `RotatingWebhook` added. The path and the query are left out,
 * because many services that take webhooks have a token in one of them.
 *
 * @example
 * ```ts
 * describeUrl("https://a.example/T0/token?generation=2026-11"); // "https://a.example/…?generation=2026-11"
 * ```
 */
export function describeUrl(url: string): string {
    if (!URL.canParse(url)) {
        return "(not a URL)";
    }
    const { protocol, host, pathname, search } = new URL(url);
    const generation = generationOf(url);
    const query = generation === undefined ? "" : `?generation=${generation}`;
    const isBare = pathname === "/" && search.length <= query.length;
    return `${protocol}//${host}/${isBare ? "" : "…"}${query}`;
}

/** A URL without the generation that `RotatingWebhook` added, so that all generations of one webhook have the same. */
export function withoutGeneration(url: string): string {
    return generationOf(url) === undefined ? url : url.replace(generationParameter, "");
}

function generationOf(url: string): string | undefined {
    return generationParameter.exec(url)?.[1]?.replace(/%3A/gi, ":");
}
