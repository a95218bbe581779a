import { systemClock } from "../../probe";
import type { Io } from "../io";
import { paint } from "../paint";
import { describeRotation } from "../rotations";
import { table } from "../table";
import { printable } from "../text";
import type { Comparison, ListedWebhook } from "./compare";

/** The webhooks as a table, and below it when they rotate, and what the stacks have, but the API does not. */
export function report({ webhooks, gone, rotations }: Comparison, stacks: readonly string[], io: Io): string {
    const head = ["id", "url", "events", ...(stacks.length === 0 ? [] : ["stack"])];
    const rows = webhooks.map((webhook) => [
        printable(webhook.id),
        webhook.url,
        printable(webhook.enabledEvents.join(", ")),
        ...(stacks.length === 0 ? [] : [standingOf(webhook, stacks)]),
    ]);
    const style = (cell: string, row: number): string => {
        if (row < 0) {
            return paint(io, "dim", cell);
        }
        return webhooks[row]?.standing === "looks orphaned" ? paint(io, "yellow", cell) : cell;
    };
    const missing = gone.map(({ id, stack, resource }) => {
        const what = `${printable(resource)} (${printable(id)}) is in the stack ${stack}, but no longer exists in the account.`;
        return paint(io, "red", `${what} Run \`pulumi refresh\`, then \`pulumi up\`, to register it again.`);
    });
    const now = (io.clock ?? systemClock).now();
    const scheduled = rotations.map(({ stack, ...rotation }) => {
        const place = stacks.length === 1 ? "" : ` (${stack})`;
        return `${printable(rotation.resource)}${place}: ${describeRotation(rotation, now)}`;
    });
    const none = "There are no webhooks in this account.";
    return [rows.length === 0 ? none : table(head, rows, io.columns, style), ...scheduled, ...missing].join("\n");
}

function standingOf(
    { standing = "not in this stack", stack = "", resource }: ListedWebhook,
    stacks: readonly string[],
) {
    if (stacks.length === 1) {
        return resource === undefined ? standing : `${standing}: ${printable(resource)}`;
    }
    if (resource === undefined) {
        return standing.replace("this stack", "these stacks");
    }
    return `${standing.replace("this stack", stack)}: ${printable(resource)}`;
}
