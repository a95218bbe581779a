/** Whether a text can be a webhook's secret. A line break in a header would be an error of Node.js that repeats it. */
export function isSecret(value: unknown): value is string {
    return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
