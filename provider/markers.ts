import { unknown } from "./lifecycle";

/** The marker for a string, which the engine takes for a value of any type. */
const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * In a preview the engine puts these texts in place of values that are not known yet, also where a list or an object is
 * expected. From pulumi/pulumi, sdk/go/common/resource/sig/sig.go.
 */
const markers: ReadonlySet<unknown> = new Set([
    marker, // a string, and all that the Node.js SDK sends
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // a boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // a list
    "030794c1-ac77-496b-92df-f27374a8bd58", // an asset
    "e48ece36-62e2-4504-bad9-02848725956a", // an archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // an object
]);

/** Whether a value is the engine's marker for one that is not known yet. */
export function isMarker(value: unknown): boolean {
    return markers.has(value);
}

/** The same value with the lifecycle's `unknown` in place of the engine's markers, at any depth. */
export function withoutMarkers(value: unknown): unknown {
    if (isMarker(value)) return unknown;
    if (Array.isArray(value)) return value.map(withoutMarkers);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMarkers(item)]));
}

/** The same value with the engine's marker in place of the lifecycle's `unknown`, at any depth. */
export function withMarkers(value: unknown): unknown {
    if (value === unknown) return marker;
    if (Array.isArray(value)) return value.map(withMarkers);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withMarkers(item)]));
}
