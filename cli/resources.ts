/** The types that webhooks have in states: of the dynamic provider, and of a plugin. */
const webhookTypes: ReadonlySet<string> = new Set(["pulumi-nodejs:dynamic/captions:Webhook", "captions:index:Webhook"]);

export function isWebhookType(type: string): boolean {
    return webhookTypes.has(type);
}

/** The types that delivery checks have in states. */
const deliveryCheckTypes: ReadonlySet<string> = new Set([
    "pulumi-nodejs:dynamic/captions:DeliveryCheck",
    "captions:index:DeliveryCheck",
]);

export function isDeliveryCheckType(type: string): boolean {
    return deliveryCheckTypes.has(type);
}

/** Whether a generation carries the program's `dropAtOnce`: by itself, or with all that a plugin tells it. */
export function dropsAtOnce(inputs: Readonly<Record<string, unknown>>): boolean {
    const generation = inputs.__generation as { readonly dropAtOnce?: unknown } | null | undefined;
    return inputs.__dropAtOnce === true || generation?.dropAtOnce === true;
}

/** The type that rotating webhooks have in states, whichever provider they are of. */
export function isRotatingWebhookType(type: string): boolean {
    return type === "captions:index:RotatingWebhook";
}

export const stackType = "pulumi:pulumi:Stack";

/**
 * The parts of a URN, `urn:pulumi:<stack>::<project>::<parent's type>$<type>::<name>`
 * (https://www.pulumi.com/docs/iac/concepts/resources/names/#urns).
 */
export function parseUrn(urn: string): { readonly type: string; readonly name: string } {
    const [, , types = "", ...name] = urn.split("::");
    return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}
