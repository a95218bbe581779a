import type { IncomingMessage, ServerResponse } from "node:http";
import { sendAsset } from "../page/assets";
import type { VideoStore } from "../store/videos";
import { sendJson, sendText } from "./answering";
import { type ControlOptions, handleControl } from "./control";
import { type Access, isFromAnotherSite, whyNotInControl } from "./guard";
import { type CallHandlerOptions, handleCall } from "./handle-call";
import { sendVideo } from "./videos";

export interface SiteOptions {
    readonly access: Access;
    readonly calls: CallHandlerOptions;
    readonly control: ControlOptions;
    readonly videos: VideoStore;
    readonly log: (line: string) => void;
}

/** All that the server serves: the API, what deliveries point at, the page, and the control endpoints. */
export function createSite(options: SiteOptions): (request: IncomingMessage, response: ServerResponse) => void {
    return (request, response) => {
        serve(request, response, options).catch((error: unknown) => {
            options.log(`failed    ${error instanceof Error ? error.message : String(error)}`);
            if (!response.headersSent) sendText(response, 500, "The emulator failed; its log says why.");
            else response.destroy();
        });
    };
}

async function serve(request: IncomingMessage, response: ServerResponse, options: SiteOptions): Promise<void> {
    const { access } = options;
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (isFromAnotherSite(request, access)) {
        return sendText(response, 403, "Requests from other web sites are not allowed.");
    }
    if (path.startsWith("/videos/")) return sendVideo(request, response, options.videos);
    const forControl = path.startsWith("/_emulator/");
    const whyNot = whyNotInControl(request, access);
    if (whyNot === "wrong-host" && (forControl || path === "/")) {
        return sendText(response, 403, "Use localhost or 127.0.0.1: other host names are not allowed here.");
    }
    if (forControl && whyNot === "no-key") {
        const error = "The API key in x-api-key is missing or wrong; it is needed because other machines can connect.";
        return sendJson(response, 401, { error });
    }
    if (forControl) return handleControl(request, response, options.control);
    // The page itself has nothing secret in it: all that it shows comes from the control endpoints.
    if (request.method === "GET" && sendAsset(response, path)) return;
    return handleCall(request, response, path, options.calls);
}
