import type { Adoptable } from "./choose";
import { identifierOf } from "./names";
import { quoteForPulumiYaml, quoteForYaml } from "./quote";

export interface YamlOptions {
    /** Only `resources:`, for a program that is there already. */
    readonly resourcesOnly: boolean;
}

/**
 * A program in Pulumi's YAML with one `captions:Webhook` for each webhook. With the option `import`, and not the input
 * `adopt`: what has been changed since is refused then, and not changed back, which would rotate its secret.
 */
export function toYaml(webhooks: readonly Adoptable[], { resourcesOnly }: YamlOptions): string {
    const head = ["name: captions-webhooks", "description: Webhooks of the Captions API", "runtime: yaml"];
    return [
        ...(resourcesOnly ? [] : head),
        "# Webhooks that were registered without Pulumi, with their ids. `pulumi up` imports them; afterwards the option",
        "# `import` can be removed.",
        "resources:",
        ...webhooks.flatMap(resource),
        "",
    ].join("\n");
}

function resource({ id, name, url, enabledEvents, sharesUrl, mayContainToken }: Adoptable): string[] {
    return [
        `  ${name}:`,
        "    type: captions:Webhook",
        "    properties:",
        ...(mayContainToken ? advice(name, id) : []),
        `      url: ${quoteForPulumiYaml(url)}`,
        `      enabledEvents: [${enabledEvents.map(quoteForPulumiYaml).join(", ")}]`,
        ...(sharesUrl ? ["      allowDuplicateUrl: true"] : []),
        "    options:",
        `      import: ${quoteForYaml(id)}`,
    ];
}

/** How to keep a URL out of the program, and out of the state: an import stores it there as the API shows it. */
function advice(name: string, id: string): string[] {
    const setting = `${identifierOf(name)}Url`;
    return [
        "      # This URL may contain a token. To keep it out of the program, run",
        `      # \`pulumi config set --secret ${setting}\`, which prompts for the URL, add`,
        `      # \`${setting}: { type: string, secret: true }\` to \`config:\`, and write here, without the option \`import\`:`,
        `      # url: \${${setting}}`,
        `      # adopt: ${quoteForPulumiYaml(id)}`,
    ];
}
