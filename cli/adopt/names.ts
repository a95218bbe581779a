import type { RegisteredWebhook } from "../provider";
import { byKey, groupBy } from "./keys";
import { readableWords, urlWords } from "./words";

type Nameable = Pick<RegisteredWebhook, "id" | "url" | "enabledEvents">;

/** Longer names are cut off at a word. */
const longestName = 60;

/**
 * Names resources after their URLs: words of host and path, and where two have the same, the words of their events or a
 * number. The names do not depend on the order of the webhooks, contain nothing that may be a token, and each gives a
 * JavaScript identifier of its own (see {@link identifierOf}).
 *
 * @param taken names that other resources have
 * @returns the names by the webhooks' ids
 *
 * @example
 * ```ts
 * nameWebhooks([{ id: "wh_1", url: "https://api.example.com/hooks/captions?token=x", enabledEvents: ["creator.success"]
 * }], []); // Map { "wh_1" => "api-example-hooks-captions" }
 * ```
 */
export function nameWebhooks(webhooks: readonly Nameable[], taken: Iterable<string>): ReadonlyMap<string, string> {
    const wanted = webhooks.map(({ id, url, enabledEvents }) => ({
        id,
        url,
        name: nameOf(urlWords(url)),
        events: eventWords(enabledEvents),
    }));
    const groups = groupBy(wanted, ({ name }) => name);
    const candidates = [...groups.values()].flatMap((alike) => {
        const events = new Set(alike.map(({ events }) => events));
        const tellApart = alike.length > 1 && !events.has("") && events.size === alike.length;
        return tellApart ? alike.map((webhook) => ({ ...webhook, name: `${webhook.name}-${webhook.events}` })) : alike;
    });
    const used = new Set([...taken].map(identifierOf));
    const counts = new Map<string, number>();
    const names = new Map<string, string>();
    for (const { id, name } of candidates.sort(byKey((one) => `${one.name} ${one.url} ${one.id}`))) {
        let count = counts.get(name) ?? 1;
        const numbered = (): string => (count === 1 ? name : `${name}-${count}`);
        while (used.has(identifierOf(numbered()))) {
            count++;
        }
        used.add(identifierOf(numbered()));
        counts.set(name, count);
        names.set(id, numbered());
    }
    return names;
}

/** What a variable for a resource is called: its name in camel case. */
export function identifierOf(name: string): string {
    return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Of at least two words, the first of which begins with a letter, so that it is no reserved word of JavaScript, of YAML
 * (`no`) or of Pulumi's YAML (`pulumi`).
 */
function nameOf(words: readonly string[]): string {
    const [first = ""] = words;
    const whole = /^[a-z]/.test(first) ? words : ["webhook", ...words];
    const [one = "", two = whole[0] === "webhook" ? "captions" : "webhook", ...rest] = whole;
    return rest.reduce(
        (name, word) => (name.length + word.length < longestName ? `${name}-${word}` : name),
        `${one}-${two}`,
    );
}

/** `creator.success` and `creator.failure`: `success-failure`. "" where an event has a name that is no word. */
function eventWords(events: readonly string[]): string {
    const words = events.map((event) => readableWords(event.split(".").at(-1) ?? ""));
    return words.includes(undefined) ? "" : words.flat().join("-");
}
