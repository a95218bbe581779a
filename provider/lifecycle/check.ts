import { closest } from "fastest-levenshtein";
import { isLoopback } from "../api/urls";
import { inputNames, type WebhookInputs } from "./state";
import { hasUnknown, isUnknown } from "./unknown";

/** The events that the API's page names. New ones are found by `/events`. */
export const knownEvents = ["creator.success", "creator.failure"] as const;

/**
 * Long enough for every real URL, and short enough for every server and proxy on the way (RFC 9110, 4.1, asks for
 * 8,000).
 */
const maxUrlLength = 8_000;
const maxEventNameLength = 200;

export interface CheckContext {
    /** The names of the configured accounts. */
    readonly accounts: readonly string[];
    /** The events of an account that the API knows, or undefined where they cannot be asked for without a key. */
    readonly listEvents: (account: string | undefined) => Promise<readonly string[] | undefined>;
    readonly notify: (line: string) => void;
}

/**
 * Checks the inputs of a webhook, as a preview does it.
 *
 * @param saved the inputs of the last run, {} for a new webhook
 * @param wanted the inputs as the program gives them: of any shape
 * @returns what is wrong, a sentence each that begins with the property's name; values not known yet are let through
 */
export async function check(
    saved: Readonly<Record<string, unknown>>,
    wanted: Readonly<Record<string, unknown>>,
    context: CheckContext,
): Promise<readonly string[]> {
    const failures = [
        ...unknownProperties(wanted),
        ...urlFailures(wanted.url),
        ...eventFailures(wanted.enabledEvents),
        ...keeperFailures(wanted.rotateWhenChanged),
        ...adoptFailures(wanted.adopt),
        ...flagFailures("allowDuplicateUrl", wanted.allowDuplicateUrl),
        ...accountFailures(wanted.account, context.accounts),
    ];
    if (failures.length > 0 || hasUnknown(wanted.account)) return failures;
    return await newEventFailures(saved, wanted as unknown as WebhookInputs, context);
}

function unknownProperties(wanted: Readonly<Record<string, unknown>>): string[] {
    return Object.keys(wanted)
        .filter((name) => !(inputNames as readonly string[]).includes(name) && wanted[name] != null)
        .map((name) => {
            if (name === "secret" || name === "secretVersion") {
                return `${name}: is an output and cannot be set: the API generates the secret`;
            }
            return `${clip(name)}: unknown property; did you mean ${nearest(name, inputNames)}?`;
        });
}

/** What is wrong with a URL that deliveries are to be sent to. Never repeats the URL: it may hold a password. */
export function urlFailures(url: unknown): string[] {
    if (isUnknown(url)) return [];
    if (url == null || url === "") return ["url: is required: the absolute https URL to send deliveries to"];
    if (typeof url !== "string") return [`url: must be a string, not ${kindOf(url)}`];
    if (url.length > maxUrlLength) return [`url: is longer than ${maxUrlLength} characters`];
    if (/[\s\p{Cc}\p{Cf}\\]/u.test(url)) {
        return ["url: contains white space, a control or invisible character or a backslash; percent-encode them"];
    }
    if (/\p{Surrogate}/u.test(url)) return ["url: contains half of a surrogate pair"];
    const scheme = /^([a-z][a-z0-9+.-]*):\/\/(?=[^/?#])/i.exec(url)?.[1]?.toLowerCase();
    if (scheme === undefined || !URL.canParse(url)) {
        return ['url: is not an absolute URL with a host, like "https://api.example.com/hooks/captions"'];
    }
    const parsed = new URL(url);
    const authority = url.split(/[/?#]/)[2] ?? "";
    const failures: string[] = [];
    if (scheme !== "https" && !(scheme === "http" && isLoopback(parsed.hostname))) {
        failures.push(
            "url: must use https, because every delivery carries the secret (http is allowed only for localhost)",
        );
    }
    if (authority.includes("@")) {
        failures.push("url: contains a user name or a password; the secret is what proves a delivery");
    }
    if (url.includes("#")) failures.push("url: contains a fragment (#…), which is never sent to a server");
    if (parsed.port === "0") failures.push("url: port 0 is not valid");
    return failures;
}

function eventFailures(events: unknown): string[] {
    if (isUnknown(events)) return [];
    if (!Array.isArray(events)) {
        const example = 'a list of event names, like ["creator.success"]';
        return [
            `enabledEvents: ${events == null ? `is required: ${example}` : `must be ${example}, not ${kindOf(events)}`}`,
        ];
    }
    if (events.length === 0) return ["enabledEvents: is empty; a webhook without events is never called"];
    const wrong = events.findIndex((event) => !isUnknown(event) && !isEventName(event));
    if (wrong < 0) return [];
    return [`enabledEvents: item ${wrong} is not a valid event name (${describeItem(events[wrong])})`];
}

function isEventName(event: unknown): event is string {
    return typeof event === "string" && /^[\x21-\x7e]+$/.test(event) && event.length <= maxEventNameLength;
}

function keeperFailures(keepers: unknown): string[] {
    if (keepers == null || isUnknown(keepers)) return [];
    if (typeof keepers === "object" && !Array.isArray(keepers)) return [];
    return [`rotateWhenChanged: must be an object, like { quarter: "2026-Q4" }, not ${kindOf(keepers)}`];
}

function adoptFailures(adopt: unknown): string[] {
    if (adopt == null || typeof adopt === "boolean" || isUnknown(adopt)) return [];
    if (typeof adopt === "string" && /^[\x21-\x7e]{1,256}$/.test(adopt)) return [];
    return ["adopt: must be the id of a webhook, or true"];
}

function flagFailures(name: string, flag: unknown): string[] {
    return flag == null || typeof flag === "boolean" || isUnknown(flag) ? [] : [`${name}: must be true or false`];
}

function accountFailures(account: unknown, configured: readonly string[]): string[] {
    if (account == null || isUnknown(account)) return [];
    if (typeof account !== "string" || account === "") return ["account: must be the name of an account"];
    if (configured.includes(account)) return [];
    const known =
        configured.length === 0
            ? "no accounts are configured"
            : `did you mean "${nearest(account, configured)}"? Configured: ${configured.join(", ")}`;
    return [`account: "${clip(account)}" is not configured; ${known}`];
}

/** Asks the API for the names of events that this package does not know, and that were not accepted before. */
async function newEventFailures(
    saved: Readonly<Record<string, unknown>>,
    wanted: WebhookInputs,
    context: CheckContext,
): Promise<string[]> {
    if (isUnknown(wanted.enabledEvents)) return [];
    const accepted: unknown[] = [...knownEvents, ...(Array.isArray(saved.enabledEvents) ? saved.enabledEvents : [])];
    const news = [...new Set(wanted.enabledEvents)].filter((event) => !isUnknown(event) && !accepted.includes(event));
    if (news.length === 0) return [];
    const events = await context.listEvents(wanted.account);
    if (events === undefined) {
        context.notify(`cannot check the event ${news.map((name) => `"${name}"`).join(", ")} without an API key`);
        return [];
    }
    return news
        .filter((event) => !events.includes(event))
        .map((event) => {
            const offers = events.length === 0 ? [...knownEvents] : events;
            return (
                `enabledEvents: unknown event "${clip(event)}"; did you mean "${nearest(event, offers)}"? ` +
                `Valid events: ${offers.join(", ")}`
            );
        });
}

function kindOf(value: unknown): string {
    if (value === null) return "null";
    return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function describeItem(item: unknown): string {
    if (typeof item !== "string") return kindOf(item);
    if (item === "") return "an empty string";
    return item.length > maxEventNameLength
        ? `${item.length} characters`
        : "it contains white space or special characters";
}

/** The name among `names` that was most likely meant. */
function nearest(name: string, names: readonly string[]): string {
    return closest(name.slice(0, maxEventNameLength), names);
}

/** A text of the user's for a message: short, and without what would move the cursor or turn the line around. */
function clip(text: string): string {
    const plain = text.slice(0, 61).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, "\ufffd");
    return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}
