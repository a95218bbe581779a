import type { IncomingMessage, ServerResponse } from "node:http";
import type { VideoStore } from "../store/videos";
import { sendText } from "./answering";

/** An empty video file: the box that says "this is an MP4", and nothing in it. */
const emptyVideo = Buffer.from("0000001c6674797069736f6d0000020069736f6d69736f326d703431", "hex");

/** What a delivery's signed URL leads to. */
export function sendVideo(request: IncomingMessage, response: ServerResponse, videos: VideoStore): void {
    const url = new URL(request.url ?? "/", "http://emulator");
    const operationId = url.pathname.replace(/^\/videos\/|\.mp4$/g, "");
    const video = videos.find(operationId);
    if (video === undefined || url.searchParams.get("X-Amz-Signature") !== video.signature) {
        sendText(response, 403, "The signature is missing or wrong.");
        return;
    }
    response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": emptyVideo.length }).end(emptyVideo);
}
