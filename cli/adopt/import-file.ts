import type { Adoptable } from "./choose";

/** A file for `pulumi import --file`, for the plugin (https://www.pulumi.com/docs/iac/guides/migration/import/). */
export function toImportFile(webhooks: readonly Adoptable[]): string {
    const resources = webhooks.map(({ id, name }) => ({ type: "captions:index:Webhook", name, id }));
    return `${JSON.stringify({ resources }, null, 2)}\n`;
}
