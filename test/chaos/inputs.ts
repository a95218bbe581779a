import type { WebhookInputs } from "../../provider/lifecycle";
import type { Group, Settings } from "./history";

/** What may be a secret among the inputs: it may be in the state under its own name, and nowhere else. */
export interface SecretParts {
    readonly ofUrl: string;
    readonly ofKeepers: string;
}

export const plain: Settings = { url: 0, spelling: 0, events: 0, keepers: 0 };

const bases = [
    "https://api.example.com/Hooks/a-b%2Fc",
    "HTTPS://API.example.com:443/Hooks/a%2Db%2fc",
    "https://api.example.com/./x/../Hooks/a-b%2Fc",
];

const eventChoices = [
    ["creator.success"],
    ["creator.success", "creator.failure"],
    ["creator.failure"],
    ["creator.started", "creator.success"],
] as const;

/** The inputs that numbers stand for. */
export function inputsFor(
    group: Group,
    generation: string,
    { url, spelling, events, keepers }: Settings,
    { ofUrl, ofKeepers }: SecretParts,
): WebhookInputs {
    const names = [...(eventChoices[events] ?? eventChoices[0])];
    const spelled = [names, names.toReversed(), [...names, ...names]][spelling] ?? names;
    const base = `${bases[spelling]}/${group}`;
    const enabledEvents = { enabledEvents: spelled };
    if (group === "rotating") {
        return { url: `${base}/0/${ofUrl}${url === 0 ? "" : `?generation=${generation}`}`, ...enabledEvents };
    }
    return {
        url: `${base}/${url}/${ofUrl}`,
        ...enabledEvents,
        ...(keepers === 0 ? {} : { rotateWhenChanged: { round: `${ofKeepers}-${keepers}` } }),
        ...(group === "twins" ? { allowDuplicateUrl: true } : {}),
    };
}

/** One spelling for all spellings that an API may give the URLs here. */
export function canonicalUrl(url: string): string {
    return decodeURIComponent(new URL(url).href)
        .toLowerCase()
        .replace(/\/(?=$|\?)/, "");
}

export const canonicalEvents = (events: readonly string[]): string => [...new Set(events)].sort().join(" ");

export function isOfGroup(group: Group, url: string): boolean {
    return canonicalUrl(url).includes(`/${group}/`);
}
