import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { pageScript } from "./page-script";
import { pageStyle } from "./page-style";

/**
 * Sends the web page: what the emulator holds and has seen, live, and the buttons that end a video. It is one document without
 * anything from elsewhere; nothing that came from outside is in its HTML, the script puts it in as text.
 */
export function sendPage(response: ServerResponse): void {
    const nonce = randomBytes(16).toString("base64");
    const policy = [
        "default-src 'none'",
        `style-src 'nonce-${nonce}'`,
        `script-src 'nonce-${nonce}'`,
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ];
    response
        .writeHead(200, {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy.join("; "),
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        })
        .end(page(nonce));
}

export function sendIcon(response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "image/svg+xml", "Cache-Control": "no-store" }).end(icon);
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#5b4bd6"/><path d="M9 12h14M9 17h9M9 22h5" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/><circle cx="22" cy="21" r="3.2" fill="#ffd166"/></svg>`;

const page = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Captions webhooks emulator</title>
<link rel="icon" type="image/svg+xml" href="/icon.svg">
<style nonce="${nonce}">${pageStyle}</style>
</head>
<body>
<header>
<div class="title">
<img src="/icon.svg" alt="" width="40" height="40">
<div>
<h1>Captions webhooks emulator</h1>
<p>A stand-in for the Captions API on this machine. Nothing here is real, except the deliveries.</p>
</div>
</div>
<p id="connection" class="connection" role="status">Connecting</p>
</header>
<main>
<noscript><p class="panel empty">This page shows what happens live, and needs JavaScript for it.</p></noscript>
<div class="top">
<section class="panel" aria-labelledby="use-heading">
<h2 id="use-heading">Use it</h2>
<p class="hint">Set these two in the environment of Pulumi, or of whatever shall call the API.</p>
<dl class="settings">
<div><dt>CAPTIONS_BASE_URL</dt><dd><code id="base-url"></code><button type="button" class="quiet" data-copy="base-url" aria-label="Copy the base URL">Copy</button></dd></div>
<div><dt>CAPTIONS_API_KEY</dt><dd><code id="api-key"></code><button type="button" class="quiet" data-copy="api-key" aria-label="Copy the API key">Copy</button></dd></div>
</dl>
</section>
<section class="panel" aria-labelledby="video-heading">
<h2 id="video-heading">Try a delivery</h2>
<p class="hint">Ends a new video, and sends its event to every webhook that is enabled for it.</p>
<div class="buttons">
<button type="button" class="good" data-outcome="success">Make a video succeed</button>
<button type="button" class="bad" data-outcome="failure">Make a video fail</button>
</div>
<p id="result" class="result" role="status" aria-live="polite"></p>
</section>
</div>
${section("webhooks", "Webhooks", "The registered webhooks, with their secrets masked", ["Id", "Receiver", "Events", "Secret"])}
<div class="lists">
${section("deliveries", "Deliveries", "What was sent to receivers, the newest first", ["Time", "Event", "Receiver", "Answer"])}
${section("calls", "Calls", "What the API was asked, the newest first", ["Time", "Endpoint", "Webhook", "Status"])}
</div>
</main>
<script nonce="${nonce}">${pageScript}</script>
</body>
</html>
`;

/** A table with its caption. The roles are said again, as a table that is laid out as cards on a phone loses them. */
function section(id: string, heading: string, caption: string, columns: readonly string[]): string {
    const heads = columns.map((column) => `<th scope="col" role="columnheader">${column}</th>`).join("");
    return `<section class="panel" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading} <span class="count" id="${id}-count"></span></h2>
<p class="empty" id="${id}-empty" hidden></p>
<table id="${id}" role="table" hidden>
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup"></tbody>
</table>
</section>`;
}
