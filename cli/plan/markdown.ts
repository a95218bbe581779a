import { describeRotation } from "../rotations";
import { listed, printable } from "../text";
import type { Change, Receiver, WebhookChange, WebhookChanges } from "./webhook-changes";

/** GitHub takes comments of up to 65,536 characters; what posts one may add to it. */
const mostCharacters = 60_000;
/** Longer names are cut off. */
const longestName = 120;
const longestValue = 300;
const mostNames = 20;

/**
 * The changes in plain words: Markdown for a comment on a pull request that reads well on a terminal, too. What does
 * not fit into a comment is counted.
 *
 * @param now milliseconds since 1970
 */
export function toMarkdown(changes: WebhookChanges, now: number): string {
    const { webhooks, complete, rotations, rotationsAsOf } = changes;
    const certain = webhooks.filter(({ newSecret }) => newSecret === "yes");
    const possible = webhooks.filter(({ newSecret }) => newSecret === "maybe");
    const others = webhooks.filter(({ newSecret }) => newSecret === "no");
    const isQuiet = certain.length + possible.length === 0;
    const sections: readonly Section[] = [
        { title: "These webhooks will get a **new secret**:", items: certain.map(item) },
        { title: "These webhooks **may** get a new secret:", items: possible.map(item) },
        { title: "Other changes:", items: others.map(item) },
        {
            title: `Scheduled rotations, as of ${rotationsAsOf}:`,
            items: rotations.map((one) => `- **${code(one.resource)}**: ${describeRotation(one, now)}`),
        },
    ];
    const before = [
        ...(complete ? [] : [incomplete]),
        ...(isQuiet && complete ? ["**No webhook gets a new secret.**"] : []),
    ];
    const after = [...outputs(changes), ...(changes.hidesDrift ? [hiddenDrift] : [])];
    const used = [...before, ...after].reduce((sum, text) => sum + text.length + 2, 0);
    return [...before, ...withinRoom(sections, mostCharacters - used), ...after].join("\n\n");
}

const incomplete =
    "**The preview failed**, so it is unknown which webhooks would get a new secret. See Pulumi's own error.";

const hiddenDrift =
    "This preview does not show whether a secret was changed elsewhere; `pulumi preview --json --refresh " +
    "--show-sames` does.";

interface Section {
    readonly title: string;
    readonly items: readonly string[];
}

/** The sections, each with as many of its items as there is room for, the first ones first. */
function withinRoom(sections: readonly Section[], room: number): string[] {
    const filled = sections.filter(({ items }) => items.length > 0);
    // Kept free for the titles and for the lines that count what is left out.
    let left = room - filled.length * 200;
    return filled.map(({ title, items }) => {
        const shown: string[] = [];
        for (const text of items) {
            if (text.length >= left) {
                break;
            }
            shown.push(text);
            left -= text.length + 1;
        }
        const more = items.length - shown.length;
        if (more > 0) {
            left = 0;
            shown.push(`- and ${more} more, which \`pulumi-captions plan --json\` shows`);
        }
        return [title, "", ...shown].join("\n");
    });
}

function item(webhook: WebhookChange): string {
    const id = webhook.id === undefined ? "" : ` (${code(webhook.id)})`;
    const lines = [`- ${title(webhook)}${id} ${what(webhook)}`, ...receivers(webhook).map((line) => `  - ${line}`)];
    return lines.join("\n");
}

function title({ name, generation }: WebhookChange): string {
    return generation === undefined
        ? `**${code(name)}**`
        : `**${code(generation.of)}, generation ${code(generation.name)}**`;
}

function what(webhook: WebhookChange): string {
    const { action, url } = webhook;
    const target = url === undefined ? "" : ` for ${code(url)}`;
    switch (action) {
        case "register":
            return `is registered${target}: its first secret.${newGeneration(webhook)}`;
        case "adopt":
            return adoption(webhook, target);
        case "update":
            return (
                `${changed(webhook)} ${webhook.newSecret === "yes" ? "This" : "If so, this"} ` +
                `${inPlace}${unaffected(webhook)}`
            );
        case "replace":
            return replacement(webhook, target);
        case "drift":
            return (
                "already has a new secret: it was changed elsewhere, and the stack takes over the new one. Receivers " +
                "with the old secret reject every delivery until they have the new one."
            );
        case "delete":
            return deletion(webhook, target);
        case "release":
            return "is no longer managed, but stays registered with its secret (`retainOnDelete`).";
        case "read":
            return "is only read; its secret does not change.";
    }
}

const inPlace =
    "is done **in place**: the old secret is invalid at once, and deliveries are rejected until the receivers have " +
    "the new one.";

const untilReceiversHaveIt =
    "receivers that get the secret only by this deployment reject deliveries until they have it";

function adoption({ adopts }: WebhookChange, target: string): string {
    if (adopts === true) {
        return (
            `adopts the webhook that is registered${target}, with its secret, or registers one if there is none. A ` +
            "preview does not look it up: if its events differ, it is updated in place, which makes its old secret " +
            "invalid at once."
        );
    }
    return (
        `adopts ${code(String(adopts))}, with its secret. A preview does not look it up: if its URL or events ` +
        "differ, it is updated in place, which makes its old secret invalid at once."
    );
}

function replacement(webhook: WebhookChange, target: string): string {
    const { deletedFirst } = webhook;
    const unless = deletedFirst === undefined ? " (unless it has `deleteBeforeReplace`)" : "";
    const order = deletedFirst
        ? "This one is deleted before it is registered, so nothing is delivered in between;"
        : `It is registered before this one is deleted${unless}, but`;
    return (
        `is replaced by another webhook${target}${moved(webhook)}, with a secret of its own. ${order} ` +
        `${untilReceiversHaveIt}.`
    );
}

function deletion(
    { generation, adoptedBy, succeededBy, succeededByGeneration: successor }: WebhookChange,
    target: string,
): string {
    if (adoptedBy !== undefined) {
        return `is handed over to ${code(adoptedBy)}, which adopts it: it stays registered.`;
    }
    const to = target.replace(" for ", " to ");
    const together = generation?.removedWithAll ? " with its RotatingWebhook" : "";
    if (succeededBy !== undefined) {
        const [adopt, adopter] =
            successor === undefined
                ? ["adopt: true", succeededBy]
                : [`adopt: { ${JSON.stringify(successor.name)}: true }`, successor.of];
        return (
            `is deleted${together}, and ${code(succeededBy)} is registered for the same URL with a secret of its ` +
            `own: ${untilReceiversHaveIt}. To keep this webhook and its secret, set ${code(adopt)} on ${code(adopter)}.`
        );
    }
    if (generation === undefined || generation.removedWithAll) {
        return `is deleted${together}: it no longer delivers anything${to}.`;
    }
    if (generation.standsAlone) {
        const start = `${codes(generation.renewed)} gets a new secret. **No secret that receivers can have now stays valid**`;
        return generation.dropAtOnce === true
            ? `is dropped at once (\`dropAtOnce\`), while ${start}, so deliveries are rejected until they have the new one.`
            : `is dropped, while ${start}, so this deployment keeps the webhook and fails, unless a \`DeliveryCheck\` in ` +
                  "it proves that receivers have the new one; the next deployment deletes it. Keep " +
                  `${code(generation.name)} in \`generations\` until they have.`;
    }
    const staying = generation.beside.length === 0 ? "that stays" : `that stays (${codes(generation.beside)})`;
    return (
        `is dropped. **Before that, every receiver must accept the secret of a generation ${staying}**, so that no ` +
        "delivery is lost: a `DeliveryCheck` in the program ensures it, and `pulumi-captions deliver` checks it."
    );
}

function newGeneration({ generation }: WebhookChange): string {
    if (generation === undefined || generation.first) {
        return "";
    }
    if (generation.standsAlone) {
        const old = generation.dropAtOnce === true ? "" : " Keep the old name in `generations` until they have.";
        return ` **No older generation stays beside it**: ${untilReceiversHaveIt}.${old}`;
    }
    return generation.beside.length === 0
        ? " Generations that are registered already keep their secrets."
        : ` It is registered beside ${codes(generation.beside)}, whose secret stays valid, so **no delivery is lost**.`;
}

/** What still arrives while a generation is changed in place. */
function unaffected({ generation }: WebhookChange): string {
    const beside = generation?.beside ?? [];
    return beside.length === 0 ? "" : ` Deliveries of ${codes(beside)} are not affected.`;
}

function moved({ changes }: WebhookChange): string {
    const account = changes.find(({ property }) => property === "account");
    if (account === undefined) {
        return "";
    }
    return account.to === undefined ? " in an account that is not known yet" : ` in the account ${code(account.to)}`;
}

function changed({ changes, unfinished }: WebhookChange): string {
    if (unfinished) {
        return "was left unfinished by the last deployment: it is looked up first, and changed only if it differs.";
    }
    if (changes.length === 0) {
        return "is updated.";
    }
    return `is changed: ${changes.map(change).join("; ")}.`;
}

function change({ property, from = "", to = "", certain }: Change): string {
    if (property === "rotateWhenChanged") {
        const keys = to === "" ? "" : ` (${code(to, longestValue)})`;
        return certain ? `${code(property)} asks for a rotation${keys}` : `${code(property)} may change${keys}`;
    }
    const old = code(from, longestValue);
    if (!certain) {
        return `${code(property)} may change from ${old}, because its new value is not known yet`;
    }
    if (from === to) {
        return `${code(property)} changes in a part that is not shown (${old})`;
    }
    return `${code(property)} from ${old} to ${code(to, longestValue)}`;
}

function receivers({ action, newSecret, receivers: all }: WebhookChange): string[] {
    if (newSecret === "no" && action !== "delete") {
        return [];
    }
    if (action === "delete") {
        const left = (all ?? []).filter(({ op }) => op !== "delete");
        return left.length === 0 ? [] : [`These resources have its secret now: ${names(left)}.`];
    }
    if (all === undefined) {
        return ["This form of preview does not show which receivers need it; `pulumi preview --json` does."];
    }
    const unchanged = all.filter(({ op }) => op === "same");
    const taking = all.filter(({ op }) => op !== "same");
    return [
        taking.length === 0
            ? "No resource of this stack takes the secret: give it to the receivers of these deliveries."
            : `These receivers need it: ${names(taking)}. This deployment passes it to them.`,
        ...(unchanged.length === 0
            ? []
            : [`These depend on it, but are **not** changed by this deployment: ${names(unchanged)}.`]),
    ];
}

function names(receivers: readonly Receiver[]): string {
    return listed(
        receivers.map(({ name, type }) => `${code(name)} (${code(type)})`),
        mostNames,
    );
}

function outputs({ outputs }: WebhookChanges): string[] {
    if (outputs.length === 0) {
        return [];
    }
    const verb = outputs.every(({ certain }) => certain) ? "contain" : "may contain";
    return [
        `Stack outputs that ${verb} a new secret: ${codes(outputs.map(({ name }) => name))}. Other stacks and other ` +
            "readers must read them again.",
    ];
}

function codes(texts: readonly string[]): string {
    return listed(
        texts.map((text) => code(text)),
        mostNames,
    );
}

/**
 * A code span, in which nothing is markup, no address becomes a link, and nobody is mentioned: the text may come from
 * anybody's branch.
 */
function code(text: string, longest = longestName): string {
    const characters = [...printable(text).replaceAll("`", "'")];
    const shown = characters.length > longest ? [...characters.slice(0, longest), "…"] : characters;
    return `\`${shown.join("").trim() === "" ? "(empty)" : shown.join("")}\``;
}
