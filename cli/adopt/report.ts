import { describeUrl } from "../../probe";
import type { Io } from "../io";
import { paint } from "../paint";
import { table } from "../table";
import { printable } from "../text";
import type { Adoptable, Choice } from "./choose";

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
    const generations = webhooks.filter(({ isGeneration }) => isGeneration).map(({ name }) => name);
    return [
        ...leftOut.map(({ id, url, reason }) => `Left out: ${printable(id)} (${url}): ${printable(reason)}`),
        ...(stacks.length === 0 && webhooks.length > 0
            ? [
                  "No stack was named, so these may include webhooks that a stack manages: two stacks would change and delete " +
                      "them. Name every stack that uses the account with --stack.",
              ]
            : []),
        ...(generations.length > 0
            ? [
                  `${generations.join(", ")}: registered by a RotatingWebhook, as the URL tells. Name its stack with --stack, ` +
                      "if there still is one.",
              ]
            : []),
    ];
}
