import type { Change, Forecast, Foreseen, Receiver } from "./foresee";

/** A forecast in plain words: Markdown for a comment on a pull request that reads well on a terminal, too. */
export function sentences(forecast: Forecast): string {
    const { webhooks } = forecast;
    const certain = webhooks.filter(({ newSecret }) => newSecret === "yes");
    const possible = webhooks.filter(({ newSecret }) => newSecret === "maybe");
    const others = webhooks.filter(({ newSecret }) => newSecret === "no");
    const parts = [
        ...(forecast.complete ? [] : [incomplete]),
        ...(certain.length === 0 ? [] : [section("These webhooks will get a **new secret**:", certain)]),
        ...(possible.length === 0 ? [] : [section("These webhooks **may** get a new secret:", possible)]),
        ...(certain.length + possible.length > 0 || !forecast.complete ? [] : ["**No webhook gets a new secret.**"]),
        ...(others.length === 0 ? [] : [section("Besides:", others)]),
        ...outputs(forecast),
        ...(forecast.hidesDrift ? [hiddenDrift] : []),
    ];
    return parts.join("\n\n");
}

const incomplete =
    "**The preview failed**, so it is not known which webhooks would get a new secret: see what Pulumi says about it.";

const hiddenDrift =
    "Whether a secret was changed elsewhere, this preview does not show: `pulumi preview --json --refresh --show-sames` does.";

function section(title: string, webhooks: readonly Foreseen[]): string {
    return [title, "", ...webhooks.map(item)].join("\n");
}

function item(webhook: Foreseen): string {
    const id = webhook.id === undefined ? "" : ` (${code(webhook.id)})`;
    const lines = [`- **${title(webhook)}**${id} ${what(webhook)}`, ...receivers(webhook).map((line) => `  - ${line}`)];
    return lines.join("\n");
}

function title({ name, generation }: Foreseen): string {
    return generation === undefined ? plain(name) : `${plain(generation.of)}, generation ${plain(generation.name)}`;
}

function what(webhook: Foreseen): string {
    const { action, url, adopts, generation } = webhook;
    const at = url === undefined ? "" : ` for ${code(url)}`;
    switch (action) {
        case "register":
            return `is registered${at}: its first secret. ${generation === undefined ? "" : newGeneration(webhook)}`.trim();
        case "adopt":
            return adopts === true
                ? `takes over the webhook that is registered${at}, with its secret, or registers one where there is none. ` +
                      "A preview does not look: if its events differ, it is changed, and its secret is new at once."
                : `takes over ${code(String(adopts))}, with its secret. A preview does not look: if its URL or events ` +
                      "differ from what is declared, it is changed, and its secret is new at once.";
        case "update":
            return `${changed(webhook)} ${webhook.newSecret === "yes" ? "This" : "If it comes to that, it"} ${inPlace}`;
        case "replace":
            return (
                `is replaced by another webhook${at}${moved(webhook)}: that one has a secret of its own. It is registered ` +
                "before this one is deleted; receivers that get the secret only after this deployment refuse what comes in between."
            );
        case "drift":
            return (
                "has a new secret already: somebody changed it elsewhere, and the stack takes that one over. Receivers with " +
                "the old one refuse every delivery until they have it."
            );
        case "delete":
            return generation === undefined
                ? `is deleted: nothing is delivered${at.replace(" for ", " to ")} by it any more.`
                : "is dropped. **Before that, every receiver must have the newest secret**; check it with " +
                      "`pulumi-captions deliver`. Then no delivery is lost.";
        case "release":
            return "is no longer managed, but stays registered, and its secret valid (`retainOnDelete`).";
        case "read":
            return "is only read; its secret stays as it is.";
    }
}

const inPlace =
    "is done **in place**: the old secret is invalid at once, and each delivery is refused until the receivers have " +
    "the new one.";

function newGeneration({ generation }: Foreseen): string {
    if (generation === undefined || generation.first) return "";
    if (generation.beside.length > 0) {
        const names = generation.beside.map((name) => code(name)).join(", ");
        return `It is registered beside ${names}, whose secret stays valid, so **no delivery is lost**.`;
    }
    return (
        "**No older generation stays beside it**: receivers that get the secret only after this deployment refuse every " +
        "delivery until they have it. Keep the old name in `generations` until they have."
    );
}

function moved({ changes }: Foreseen): string {
    const account = changes.find(({ property }) => property === "account");
    if (account === undefined) return "";
    return account.to === undefined ? " in an account that is not known yet" : ` in the account ${code(account.to)}`;
}

function changed({ changes, unfinished }: Foreseen): string {
    if (unfinished) {
        return "was left half-way by the last deployment: what is live is looked at first, and changed only where it differs.";
    }
    if (changes.length === 0) return "is updated.";
    return `is changed: ${changes.map(change).join("; ")}.`;
}

function change({ property, from, to, certain }: Change): string {
    if (property === "rotateWhenChanged") {
        const keys = to ? ` (${code(to)})` : "";
        return certain ? `a rotation is asked for by ${code(property)}${keys}` : `${code(property)} may change${keys}`;
    }
    if (!certain) return `${code(property)} may change from ${code(from ?? "")}, as its new value is not known yet`;
    if (from === to) return `${code(property)} changes in a part that is not shown (${code(from ?? "")})`;
    return `${code(property)} from ${code(from ?? "")} to ${code(to ?? "")}`;
}

function receivers({ action, newSecret, receivers: all, generation }: Foreseen): string[] {
    if (newSecret === "no" && action !== "delete") return [];
    if (all === undefined) {
        return action === "delete"
            ? []
            : ["Which receivers must have it, this form of preview does not say; `pulumi preview --json` does."];
    }
    if (action === "delete") {
        const left = all.filter(({ op }) => op !== "delete");
        if (left.length === 0) return [];
        return [
            generation === undefined
                ? `These have its secret: ${names(left)}.`
                : `These have its secret now, and must have the newest: ${names(left)}.`,
        ];
    }
    const left = all.filter(({ op }) => op === "same");
    const taking = all.filter(({ op }) => op !== "same");
    return [
        taking.length === 0
            ? "No resource of this stack takes it: whatever receives these deliveries must be given it."
            : `These receivers must have it: ${names(taking)}. This deployment hands it on to them.`,
        ...(left.length === 0
            ? []
            : [`These depend on it, but are **not** changed by this deployment: ${names(left)}.`]),
    ];
}

function names(receivers: readonly Receiver[]): string {
    return receivers.map(({ name, type }) => `${code(name)} (${plain(type)})`).join(", ");
}

function outputs({ outputs }: Forecast): string[] {
    if (outputs.length === 0) return [];
    const names = outputs.map(({ name }) => code(name)).join(", ");
    const verb = outputs.every(({ certain }) => certain) ? "carry" : "may carry";
    return [
        `Outputs of the stack that ${verb} a new secret: ${names}. Other stacks and whoever else reads them must take them again.`,
    ];
}

/** As a code span, in which nothing is markup, and nobody is mentioned; the text may come from anybody's branch. */
function code(text: string): string {
    return `\`${text.replace(/[`\p{Cc}]/gu, "'")}\``;
}

/** As text without markup, except what a code span would need. */
function plain(text: string): string {
    return /^[\w ./:-]*$/.test(text) ? text : code(text);
}
