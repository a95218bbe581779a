import type { Body, Incoming } from "../incoming.js";
import type { Receiver } from "../receiver.js";
import { SetupError } from "../setup-error.js";
import { answerTo } from "./request.js";

/**
 * What is used of an HTTP event of AWS Lambda. There are two kinds:
 *
 * - with `requestContext.http`: of a function URL, or of an API Gateway HTTP API with payload format 2.0
 *   (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html);
 * - with `httpMethod`: of an HTTP API with payload format 1.0, a REST API
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html), or an
 *   Application Load Balancer
 *   (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html).
 */
export interface LambdaEvent {
    httpMethod?: string;
    requestContext?: object;
    /** Several headers of one name come as one, joined with commas, or only the last of them. */
    headers?: Readonly<Record<string, string | undefined>> | null;
    /** All headers. A load balancer with multi-value headers sends only these. */
    multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
    body?: string | null | undefined;
    isBase64Encoded?: boolean;
}

export interface LambdaAnswer {
    statusCode: number;
    headers: Record<string, string>;
    /** The same headers, for a load balancer that sent its own so: it does not look at `headers` then. */
    multiValueHeaders?: Record<string, string[]>;
    body: string;
    isBase64Encoded: false;
}

/**
 * For an AWS Lambda function behind a function URL, an API Gateway (HTTP API or REST API) or an Application Load
 * Balancer.
 *
 * It never rejects: an event that is none of theirs is answered with 500, and `onError` says what it was. Work that
 * `onDelivery` gives to `waitUntil` is done before the answer, as Lambda stops a function that has answered.
 *
 * Lambda runs many processes, and hands each the repeats of another: give `dedupe` a store that they share, such as
 * `dynamoDedupe` of `pulumi-captions/receiver/stores/dynamodb`.
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
        const work: Promise<unknown>[] = [];
        const runtime = { waitUntil: (promise: Promise<unknown>) => work.push(promise) };
        const { status, headers } = await answerTo(receiver, () => incomingIn(event), runtime);
        await Promise.all(work);
        return {
            statusCode: status,
            headers: { ...headers },
            ...(event?.multiValueHeaders &&
                !event.headers && {
                    multiValueHeaders: Object.fromEntries(
                        Object.entries(headers).map(([name, value]) => [name, [value]]),
                    ),
                }),
            // A receiver's answers have none.
            body: "",
            isBase64Encoded: false,
        };
    };
}

function incomingIn(event: LambdaEvent): Incoming {
    const method = methodOf(event);
    if (method === undefined) {
        throw new SetupError(
            "The function was called with an event that is not an HTTP request: it has neither requestContext.http.method nor " +
                "httpMethod. Call it by a function URL, an API Gateway or an Application Load Balancer.",
        );
    }
    return { method, headers: event.multiValueHeaders ?? event.headers ?? {}, body: () => bodyOf(event) };
}

function methodOf(event: unknown): string | undefined {
    const { httpMethod, requestContext } = Object(event) as { httpMethod?: unknown; requestContext?: unknown };
    const { http } = Object(requestContext) as { http?: unknown };
    const { method } = Object(http) as { method?: unknown };
    return [method, httpMethod].find((name) => typeof name === "string");
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent): Body {
    if (!isBase64Encoded) return body ?? "";
    // Decoded when it is read. What is no base64 then counts as unreadable.
    return async (take) => void take(Uint8Array.from(atob(body ?? ""), (character) => character.charCodeAt(0)));
}
