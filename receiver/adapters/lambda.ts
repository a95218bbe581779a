import type { Receiver } from "../receiver.js";

/**
 * What is used of the event of a Lambda function URL, which is API Gateway's payload format 2.0.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export interface LambdaEvent {
    /** Several headers of one name come as one, joined with commas. */
    headers: Readonly<Record<string, string | undefined>>;
    requestContext: { http: { method: string } };
    body?: string | null | undefined;
    isBase64Encoded?: boolean;
}

export interface LambdaAnswer {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
}

/**
 * For an AWS Lambda function with a function URL, or behind an API Gateway HTTP API.
 *
 * Lambda runs many processes, and hands each the repeats of another: give `dedupe` a store that they share (see {@link DedupeStore}).
 *
 * @example
 * ```ts
 * import { createReceiver, secretsFromText, toLambdaHandler } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: secretsFromText(process.env.CAPTIONS_WEBHOOK_SECRETS),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 *
 * export const handler = toLambdaHandler(receiver);
 * ```
 */
export function toLambdaHandler(receiver: Receiver): (event: LambdaEvent) => Promise<LambdaAnswer> {
    return async (event) => {
        const answer = await receiver(requestOf(event));
        return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    };
}

function requestOf({ headers: given, requestContext, body, isBase64Encoded }: LambdaEvent): Request {
    const headers = new Headers();
    for (const [name, value] of Object.entries(given)) if (value !== undefined) headers.append(name, value);
    // The receiver looks neither at the URL nor, except for POST, at the method.
    const url = "http://localhost/";
    if (requestContext.http.method !== "POST") return new Request(url, { headers });
    return new Request(url, { method: "POST", headers, body: isBase64Encoded ? bytesOf(body ?? "") : (body ?? "") });
}

function bytesOf(base64: string) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
