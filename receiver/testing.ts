/**
 * For your own tests: genuine deliveries for a secret and an event, in the form that your receiver takes. Nothing is
 * sent by itself. Uses web standards only, and runs on Node, Cloudflare Workers, Deno and Bun.
 *
 * @module
 */
import type { LambdaEvent } from "./adapters/lambda.js";
import type { CreatorFailure, CreatorSuccess } from "./delivery.js";
import { OptionsCheck } from "./options.js";

/** What Captions delivers for a video that is ready. */
export type SuccessEvent = Omit<CreatorSuccess, "raw">;

/** What Captions delivers for a video that could not be made. */
export type FailureEvent = Omit<CreatorFailure, "raw">;

/** An event of another name, or one that has more fields. */
export interface OtherEvent {
    event: string;
    operationId?: string;
    [field: string]: unknown;
}

export interface DeliveryOptions {
    /** A secret that the receiver knows; another one, to test that it is rejected. */
    secret: string;
    /** What is delivered. Default: a new {@link successEvent}. */
    event?: SuccessEvent | FailureEvent | OtherEvent;
}

export interface DeliveryRequestOptions extends DeliveryOptions {
    /** The receiver's absolute URL. Default: `https://receiver.example.com/hooks/captions`. */
    url?: string;
}

/** A delivery as data. It is also what `fetch` takes as its second argument. */
export interface NodeDelivery {
    method: "POST";
    headers: { "content-type": string; authorization: string };
    body: string;
}

/**
 * How the event looks that the function is called with:
 *
 * - `2.0`: of a function URL, or of an API Gateway HTTP API with its default payload format
 * - `1.0`: of an HTTP API with payload format 1.0, or of a REST API
 * - `alb`: of an Application Load Balancer; `alb-multi-value`: of one with multi-value headers
 */
export type LambdaFormat = "2.0" | "1.0" | "alb" | "alb-multi-value";

export interface LambdaDeliveryOptions extends DeliveryRequestOptions {
    /** Default: `2.0`. */
    format?: LambdaFormat;
}

/** An event of AWS Lambda: what a receiver looks at, and what goes with it. */
export interface LambdaDelivery extends LambdaEvent {
    [field: string]: unknown;
}

/** Of all forms of a delivery, so that one object serves for each. */
const deliveryOptions = ["secret", "event", "url", "format"] satisfies (keyof LambdaDeliveryOptions)[];

const defaultUrl = "https://receiver.example.com/hooks/captions";

/**
 * The event of a video that is ready. Each has an `operationId` of its own, because a receiver hands on an event only
 * once.
 *
 * @param fields Those that matter to the test.
 *
 * @example
 * ```ts
 * import { successEvent } from "pulumi-captions/receiver/testing";
 *
 * export const event = successEvent({ operationId: "op_1", creditsSpent: 30 });
 * ```
 */
export function successEvent(fields: Partial<Omit<SuccessEvent, "event">> = {}): SuccessEvent {
    const operationId = fields.operationId ?? crypto.randomUUID();
    return {
        url: `https://videos.example.com/${encodeURIComponent(operationId)}.mp4?X-Amz-Expires=3600&X-Amz-Signature=test`,
        creditsSpent: 12,
        ...fields,
        event: "creator.success",
        operationId,
    };
}

/**
 * The event of a video that could not be made. It has no URL; what else Captions sends then is not documented.
 *
 * @param fields Those that matter to the test.
 *
 * @example
 * ```ts
 * import { failureEvent } from "pulumi-captions/receiver/testing";
 *
 * export const event = failureEvent({ operationId: "op_1" });
 * ```
 */
export function failureEvent(fields: Partial<Omit<FailureEvent, "event">> = {}): FailureEvent {
    const operationId = fields.operationId ?? crypto.randomUUID();
    return { creditsSpent: 0, ...fields, event: "creator.failure", operationId };
}

/**
 * A delivery as a Fetch `Request`: for a receiver itself, a Worker, Deno, Bun, Hono.
 *
 * @throws {TypeError} When there is no such option, the secret cannot be one, or the URL is not absolute.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 * import { deliveryRequest, successEvent } from "pulumi-captions/receiver/testing";
 *
 * const receiver = createReceiver({ secrets: "whsec_test", onDelivery: (delivery) => console.log(delivery.event) });
 * const response = await receiver(deliveryRequest({ secret: "whsec_test", event: successEvent() }));
 * console.log(response.status); // 200
 * ```
 */
export function deliveryRequest(options: DeliveryRequestOptions): Request {
    new OptionsCheck("deliveryRequest", options).only(...deliveryOptions);
    const { url = defaultUrl, ...delivery } = options;
    return new Request(url, nodeDelivery(delivery));
}

/**
 * A delivery as data, for a server that runs: for `fetch`, `http.request`, supertest, or `inject` of Fastify.
 *
 * @throws {TypeError} When there is no such option, the secret cannot be one.
 *
 * @example
 * ```ts
 * import { request } from "node:http";
 * import { failureEvent, nodeDelivery } from "pulumi-captions/receiver/testing";
 *
 * const url = "http://localhost:8080/hooks/captions";
 * const { body, ...options } = nodeDelivery({ secret: "whsec_test", event: failureEvent() });
 * request(url, options, (response) => console.log(response.statusCode)).end(body);
 * // Or: await fetch(url, nodeDelivery({ secret: "whsec_test" }));
 * ```
 */
export function nodeDelivery(options: DeliveryOptions): NodeDelivery {
    new OptionsCheck("nodeDelivery", options).only(...deliveryOptions);
    const { secret, event = successEvent() } = options;
    // The message does not repeat it: a test may be given a real one.
    if (typeof secret !== "string" || !/^[\x21-\x7e]+$/.test(secret)) {
        throw new TypeError("The secret of a delivery must be a text of printable ASCII without spaces.");
    }
    return {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
        body: JSON.stringify(event),
    };
}

/**
 * A delivery as the event that AWS Lambda calls a function with.
 *
 * @throws {TypeError} When there is no such option, the secret cannot be one, the URL is not absolute, or there is no
 * such format.
 *
 * @example
 * ```ts
 * import { createReceiver, toLambdaHandler } from "pulumi-captions/receiver";
 * import { lambdaDelivery } from "pulumi-captions/receiver/testing";
 *
 * const receiver = createReceiver({ secrets: "whsec_test", onDelivery: (delivery) => console.log(delivery.event) });
 * const handler = toLambdaHandler(receiver);
 * const { statusCode } = await handler(lambdaDelivery({ secret: "whsec_test" }));
 * console.log(statusCode); // 200
 * ```
 */
export function lambdaDelivery(options: LambdaDeliveryOptions): LambdaDelivery {
    new OptionsCheck("lambdaDelivery", options).only(...deliveryOptions);
    const { url = defaultUrl, format = "2.0", ...delivery } = options;
    const { method, body, headers: sent } = nodeDelivery(delivery);
    const { host, pathname: path, search, searchParams } = new URL(url);
    const headers = { ...sent, host };
    const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const queryStringParameters = Object.fromEntries(searchParams);
    const content = { body, isBase64Encoded: false };
    const request = { httpMethod: method, path, queryStringParameters, ...content };
    switch (format) {
        case "2.0":
            return {
                version: "2.0",
                routeKey: "$default",
                rawPath: path,
                rawQueryString: search.slice(1),
                queryStringParameters,
                headers,
                requestContext: { http: { method, path, protocol: "HTTP/1.1" }, routeKey: "$default" },
                ...content,
            };
        case "1.0":
            return {
                version: "1.0",
                resource: path,
                headers,
                multiValueHeaders,
                requestContext: { httpMethod: method, path },
                ...request,
            };
        case "alb":
            return { headers, requestContext: { elb: {} }, ...request };
        case "alb-multi-value":
            return { multiValueHeaders, requestContext: { elb: {} }, ...request };
        default:
            throw new TypeError("The format of a Lambda event must be 2.0, 1.0, alb or alb-multi-value.");
    }
}
