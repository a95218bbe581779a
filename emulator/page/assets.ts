import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";

const folder = join(__dirname, "assets");

const types: Readonly<Record<string, string>> = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
};

/** Nothing from elsewhere, and nothing inline; whatever came from outside, the script puts into the page as text. */
const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
].join("; ");

let loaded: ReadonlyMap<string, { readonly type: string; readonly content: Buffer }> | undefined;

function load() {
    return new Map(
        readdirSync(folder).map((name) => [
            name === "index.html" ? "/" : `/${name}`,
            { type: types[extname(name)] ?? "application/octet-stream", content: readFileSync(join(folder, name)) },
        ]),
    );
}

/** Sends a file of the web page. @returns whether there is such a file */
export function sendAsset(response: ServerResponse, path: string): boolean {
    loaded ??= load();
    const asset = loaded.get(path);
    if (asset === undefined) return false;
    response
        .writeHead(200, {
            "Content-Type": asset.type,
            "Content-Length": asset.content.length,
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        })
        .end(asset.content);
    return true;
}
