/** The types that webhooks have in states: of the dynamic provider, and of a plugin. */
const webhookTypes: ReadonlySet<string> = new Set(["pulumi-nodejs:dynamic/captions:Webhook", "captions:index:Webhook"]);

export function isWebhookType(type: string): boolean {
    return webhookTypes.has(type);
}

/** The type that delivery checks have in states. */
export const deliveryCheckType = "pulumi-nodejs:dynamic/captions:DeliveryCheck";

/** The input by which a generation carries the program's `dropAtOnce`. */
export const dropAtOnceInput = "__dropAtOnce";

export const rotatingWebhookType = "captions:index:RotatingWebhook";
export const stackType = "pulumi:pulumi:Stack";

/**
 * The parts of a URN, `urn:pulumi:<stack>::<project>::<parent's type>$<type>::<name>`
 * (https://www.pulumi.com/docs/iac/concepts/resources/names/#urns).
 */
export function parseUrn(urn: string): { readonly type: string; readonly name: string } {
    const [, , types = "", ...name] = urn.split("::");
    return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}
