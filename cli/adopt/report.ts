import { describeUrl } from "../../probe";
import type { Io } from "../io";
import { paint } from "../paint";
import { table } from "../table";
import { listed, printable } from "../text";
import type { Adoptable, Choice } from "./choose";

/** How many resources one line names. */
const mostNames = 10;

/** What would be adopted, as a table: names, ids, and of URLs only what every screen may show. */
export function report(webhooks: readonly Adoptable[], io: Io): string {
    const rows = webhooks.map(({ name, id, url, enabledEvents }) => [
        name,
        printable(id),
        describeUrl(url),
        printable(enabledEvents.join(", ")),
    ]);
    const style = (cell: string, row: number): string => (row < 0 ? paint(io, "dim", cell) : cell);
    return table(["name", "id", "url", "events"], rows, io.columns, style);
}

/** The same, and what is left out, as JSON. */
export function toJson(
    { webhooks, leftOut }: Choice,
    { account, stacks }: { readonly account: string | undefined; readonly stacks: readonly string[] },
): string {
    const shown = webhooks.map(({ id, name, url, enabledEvents, mayContainToken }) => ({
        id,
        name,
        url: describeUrl(url),
        enabledEvents,
        mayContainToken,
    }));
    return JSON.stringify({ account: account ?? null, stacks, webhooks: shown, leftOut }, null, 2);
}

/** What to know before the program is run: a line each. */
export function remarks({ webhooks, leftOut }: Choice, stacks: readonly string[]): string[] {
    const about = (concerns: (webhook: Adoptable) => boolean, text: string): string[] => {
        const names = webhooks.filter(concerns).map(({ name }) => name);
        return names.length === 0 ? [] : [`${listed(names, mostNames)}: ${text}`];
    };
    return [
        ...leftOut.map(({ id, url, reason }) => `Left out: ${printable(id)} (${url}): ${printable(reason)}`),
        ...(stacks.length === 0 && webhooks.length > 0
            ? [
                  "No stack was named, so these may include webhooks that a stack manages: two stacks would change and delete " +
                      "them. Name every stack that uses the account with --stack.",
              ]
            : []),
        ...about(
            ({ isGeneration }) => isGeneration,
            "the URL shows that a RotatingWebhook registered it. If a stack still manages it, name that stack with --stack.",
        ),
        ...about(
            ({ sharesUrl }) => sharesUrl,
            "there is another one on the same URL, so an event that both are enabled for is delivered twice. If one of them " +
                "is not needed, delete it instead.",
        ),
        ...about(
            ({ mayContainToken }) => mayContainToken,
            "the URL may contain a token. A comment in the program says how to keep it in the configuration, and so out of " +
                "the program and the state.",
        ),
    ];
}
