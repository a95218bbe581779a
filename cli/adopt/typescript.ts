import type { Adoptable } from "./choose";
import { identifierOf } from "./names";
import { quoteForScript } from "./quote";

export interface ScriptOptions {
    /** For the plugin, by `pulumi-captions/native`. */
    readonly isNative: boolean;
    /** One of `captions:accounts`, for the dynamic provider. */
    readonly account: string | undefined;
}

/** A program in TypeScript with one `captions.Webhook` for each webhook. */
export function toTypeScript(webhooks: readonly Adoptable[], options: ScriptOptions): string {
    const way = options.isNative
        ? "imports them; afterwards the option `import` can be removed."
        : "takes them over; afterwards `adopt` can be removed.";
    return [
        `import * as captions from "pulumi-captions${options.isNative ? '/native";' : '";'}`,
        "",
        "// Webhooks that were registered without Pulumi, with their ids.",
        `// \`pulumi up\` ${way}`,
        ...webhooks.map((webhook) => declaration(webhook, options)),
        "",
    ].join("\n");
}

function declaration(webhook: Adoptable, { isNative, account }: ScriptOptions): string {
    const name = quoteForScript(webhook.name);
    const id = quoteForScript(webhook.id);
    const inputs = [
        ...(webhook.mayContainToken ? advice(webhook, isNative) : []),
        `url: ${quoteForScript(webhook.url)},`,
        `enabledEvents: [${webhook.enabledEvents.map(quoteForScript).join(", ")}],`,
        ...(webhook.sharesUrl ? ["allowDuplicateUrl: true,"] : []),
        ...(account === undefined ? [] : [`account: ${quoteForScript(account)},`]),
        ...(isNative ? [] : [`adopt: ${id},`]),
    ];
    const head = `const ${identifierOf(webhook.name)} = new captions.Webhook(`;
    return isNative
        ? ["", head, `    ${name},`, "    {", ...indent(inputs, 8), "    },", `    { import: ${id} },`, ");"].join("\n")
        : ["", `${head}${name}, {`, ...indent(inputs, 4), "});"].join("\n");
}

function indent(lines: readonly string[], columns: number): string[] {
    return lines.map((line) => " ".repeat(columns) + line);
}

/** How to keep a URL out of the program, and out of the state: an import stores it there as the API shows it. */
function advice({ name, id }: Adoptable, isNative: boolean): string[] {
    const setting = `${identifierOf(name)}Url`;
    return [
        "// This URL may contain a token. To keep it out of the program, import @pulumi/pulumi as `pulumi`, run",
        `// \`pulumi config set --secret ${setting}\`, which prompts for the URL, and write here${isNative ? ", without the option `import`" : ""}:`,
        `// url: new pulumi.Config().requireSecret("${setting}"),`,
        ...(isNative ? [`// adopt: ${quoteForScript(id)},`] : []),
    ];
}
