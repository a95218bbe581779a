import type { ServerResponse } from "node:http";
import type { Changes } from "../store/changes";

/** How long changes are gathered before the page is told, in milliseconds: a burst of calls is one message. */
const gatherMs = 50;

/**
 * Tells a page that something has changed, as Server-Sent Events, until it closes. What has changed it asks for when it
 * wants to show it; so a tab that sleeps, or doesn't read, costs nothing: as long as a message waits to be read there
 * is no other.
 */
export function sendChanges(response: ServerResponse, changes: Changes): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
        timer = undefined;
        if (response.writableNeedDrain) response.once("drain", gather);
        else response.write("data: changed\n\n");
    };
    const gather = (): void => {
        timer ??= setTimeout(tell, gatherMs);
    };
    const forget = changes.listen(gather);
    response.once("close", () => {
        clearTimeout(timer);
        forget();
    });
    tell();
}
