import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { pageScript } from "./page-script";
import { pageStyle } from "./page-style";
export function sendPage(response: ServerResponse): void {
    response.end(pageStyle + pageScript + randomBytes(1));
}
export function sendIcon(response: ServerResponse): void {
    response.end();
}
