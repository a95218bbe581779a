/** The types that webhooks have in states: of the dynamic provider, and of a plugin. */
const webhookTypes: ReadonlySet<string> = new Set(["pulumi-nodejs:dynamic/captions:Webhook", "captions:index:Webhook"]);

export function isWebhookType(type: string): boolean {
    return webhookTypes.has(type);
}

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
