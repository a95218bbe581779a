import { DeliveryError } from "./delivery-error.js";
import { OptionsCheck } from "./options.js";

/** The greatest body that is read, in bytes. A delivery has some hundred. */
export const defaultMaxBytes = 1024 * 1024;

/** The event of test deliveries, which `npx pulumi-captions deliver` sends. */
export const testEvent = "pulumi-captions.test";

interface AnyDelivery {
    /**
     * Everything that was delivered, as it came: also fields that are not known here. With the video's URL, so not for
     * a log.
     */
    raw: Readonly<Record<string, unknown>>;
}

/** A video is ready. */
export interface CreatorSuccess extends AnyDelivery {
    event: "creator.success";
    /** The id that `/submit` answered with. */
    operationId: string;
    /** Where the video is. It is signed, so that whoever has it can fetch the video: treat it as a password. */
    url: string;
    /** What the video cost, in credits. */
    creditsSpent: number;
}

/** A video could not be made. */
export interface CreatorFailure extends AnyDelivery {
    event: "creator.failure";
    /** The id that `/submit` answered with. */
    operationId: string;
    /** Not documented for failures; missing if it came empty. */
    url?: string;
    /** What it cost all the same, in credits, if that was said. */
    creditsSpent?: number;
}

/**
 * Sent by `npx pulumi-captions deliver` to find out whether a receiver knows the webhook's secret. Means nothing else.
 */
export interface TestDelivery extends AnyDelivery {
    event: typeof testEvent;
    operationId?: string;
}

/**
 * An event that Captions has added since: `event` is `"unknown"`, so that a `switch` tells it from the others, and
 * `name` says which.
 */
export interface UnknownDelivery extends AnyDelivery {
    event: "unknown";
    /** The event as it was delivered, such as `creator.progress`. */
    name: string;
    operationId?: string;
}

export type Delivery = CreatorSuccess | CreatorFailure | TestDelivery | UnknownDelivery;

/** What `onDelivery` is given: every delivery but tests. */
export type HandedDelivery = Exclude<Delivery, TestDelivery>;

export interface ParseOptions {
    /** The greatest body that is taken, in bytes. Default: 1 MiB. Not looked at for a body that is parsed already. */
    maxBytes?: number;
}

/**
 * Reads a delivery's body: as text, as bytes, or as the object that a framework made of it.
 *
 * Only the body is looked at: call {@link verifyDelivery} first, or use {@link createReceiver}, which does both.
 *
 * @example
 * ```ts
 * import { parseDelivery } from "pulumi-captions/receiver";
 *
 * export function summary(body: string): string {
 *     const delivery = parseDelivery(body);
 *     switch (delivery.event) {
 *         case "creator.success":
 *             return `${delivery.operationId} is ready and cost ${delivery.creditsSpent} credits`;
 *         case "creator.failure":
 *             return `${delivery.operationId} failed`;
 *         case "pulumi-captions.test":
 *             return "a test";
 *         case "unknown":
 *             return `the new event ${delivery.name}`;
 *     }
 * }
 * ```
 *
 * @throws {DeliveryError} When the body is too large, not JSON, not an object, or lacks what its event has to have.
 * @throws {RangeError} When `maxBytes` is out of its range.
 */
export function parseDelivery(body: string | Uint8Array | object, options: ParseOptions = {}): Delivery {
    new OptionsCheck("parseDelivery", options).numbers("maxBytes");
    const raw = objectOf(body, options.maxBytes ?? defaultMaxBytes);
    const name = nonEmptyString(raw, "event");

    switch (name) {
        case "creator.success":
            return {
                event: name,
                operationId: nonEmptyString(raw, "operationId"),
                url: nonEmptyString(raw, "url"),
                creditsSpent: finiteNumber(raw, "creditsSpent"),
                raw,
            };
        case "creator.failure":
            return { event: name, operationId: nonEmptyString(raw, "operationId"), ...whatAFailureHas(raw), raw };
        case testEvent:
            return { event: name, ...optionalString(raw, "operationId"), raw };
        default:
            return { event: "unknown", name, ...optionalString(raw, "operationId"), raw };
    }
}

type Raw = Readonly<Record<string, unknown>>;

function objectOf(body: unknown, maxBytes: number): Raw {
    if (typeof body === "string" && isLonger(body, maxBytes)) throw tooLarge(maxBytes);
    const text = body instanceof Uint8Array ? textOf(body, maxBytes) : body;
    const value = typeof text === "string" ? jsonOf(text) : text;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Raw;
    throw new DeliveryError("not-an-object", "The delivery's body is not a JSON object.");
}

function textOf(bytes: Uint8Array, maxBytes: number): string {
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        throw notJson();
    }
}

function isLonger(text: string, maxBytes: number): boolean {
    return text.length > maxBytes || new TextEncoder().encode(text).byteLength > maxBytes;
}

function jsonOf(text: string): unknown {
    try {
        // Bytes are decoded without a byte order mark; a text may still have it.
        return JSON.parse(text.replace(/^\uFEFF/, ""));
    } catch {
        // The parser's own message quotes the body.
        throw notJson();
    }
}

function whatAFailureHas(raw: Raw): Pick<CreatorFailure, "url" | "creditsSpent"> {
    const creditsSpent = own(raw, "creditsSpent");
    return { ...optionalString(raw, "url"), ...(typeof creditsSpent === "number" && { creditsSpent }) };
}

function optionalString<Field extends string>(raw: Raw, field: Field): { [name in Field]?: string } {
    const value = own(raw, field);
    return (typeof value === "string" && value !== "" ? { [field]: value } : {}) as { [name in Field]?: string };
}

function nonEmptyString(raw: Raw, field: string): string {
    const value = own(raw, field);
    if (typeof value === "string" && value !== "") return value;
    throw invalidField(field, "a string that is not empty");
}

function finiteNumber(raw: Raw, field: string): number {
    const value = own(raw, field);
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw invalidField(field, "a number");
}

function own(raw: Raw, field: string): unknown {
    return Object.hasOwn(raw, field) ? raw[field] : undefined;
}

export function tooLarge(maxBytes: number): DeliveryError {
    return new DeliveryError("too-large", `The delivery's body has more than ${maxBytes} bytes.`);
}

function notJson(): DeliveryError {
    return new DeliveryError("not-json", "The delivery's body is not JSON.");
}

function invalidField(field: string, wanted: string): DeliveryError {
    return new DeliveryError("invalid-field", `The delivery's "${field}" is not ${wanted}.`, field);
}
