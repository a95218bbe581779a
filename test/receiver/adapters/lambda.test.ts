import { describe, expect, test, vi } from "vitest";
import { createReceiver, type ReceiverOptions, toLambdaHandler } from "../../../receiver/index.js";
import { secret, success } from "../support.js";

/** An event of a function URL as AWS documents it, with all its fields. */
function functionUrlEvent(method: string, body: string | undefined, changes: Record<string, unknown> = {}) {
    return {
        version: "2.0",
        routeKey: "$default",
        rawPath: "/hook",
        rawQueryString: "generation=2026-11",
        cookies: [],
        headers: {
            "content-type": "application/json",
            authorization: `Bearer ${secret}`,
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            host: "abcdefg.lambda-url.eu-central-1.on.aws",
        },
        queryStringParameters: { generation: "2026-11" },
        requestContext: {
            accountId: "anonymous",
            apiId: "abcdefg",
            domainName: "abcdefg.lambda-url.eu-central-1.on.aws",
            domainPrefix: "abcdefg",
            http: { method, path: "/hook", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "captions" },
            requestId: "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            routeKey: "$default",
            stage: "$default",
            time: "12/Mar/2026:19:03:58 +0000",
            timeEpoch: 1583348638390,
        },
        body,
        isBase64Encoded: false,
        ...changes,
    };
}

function handlerWith(options: Partial<ReceiverOptions> = {}) {
    const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
    return { handler: toLambdaHandler(createReceiver({ secrets: secret, onDelivery, ...options })), onDelivery };
}

const text = JSON.stringify(success({ operationId: "öp_1" }));
const base64 = Buffer.from(text).toString("base64");

describe("an AWS Lambda function URL", () => {
    test("takes a delivery as text or as base64", async () => {
        const { handler, onDelivery } = handlerWith({ dedupe: false });
        const accepted = { statusCode: 200, headers: {}, body: "" };
        expect(await handler(functionUrlEvent("POST", text))).toEqual(accepted);
        expect(await handler(functionUrlEvent("POST", base64, { isBase64Encoded: true }))).toEqual(accepted);
        expect(onDelivery.mock.calls.map(([delivery]) => delivery.operationId)).toEqual(["öp_1", "öp_1"]);
    });

    test("answers in Lambda's format to what it refuses", async () => {
        const { handler, onDelivery } = handlerWith();
        expect(await handler(functionUrlEvent("POST", text, { headers: { authorization: "Bearer wrong" } }))).toEqual({
            statusCode: 401,
            headers: { "www-authenticate": "Bearer" },
            body: "",
        });
        expect(await handler(functionUrlEvent("GET", undefined))).toEqual({
            statusCode: 405,
            headers: { allow: "POST" },
            body: "",
        });
        expect(await handler(functionUrlEvent("POST", undefined))).toMatchObject({ statusCode: 400 });
        expect(await handler(functionUrlEvent("TRACE", undefined))).toMatchObject({ statusCode: 405 });
        const large = handlerWith({ maxBytes: 100 }).handler;
        expect(await large(functionUrlEvent("POST", text.padEnd(101)))).toMatchObject({ statusCode: 413 });
        expect(onDelivery).not.toHaveBeenCalled();
    });

    test("refuses two Authorization headers, which Lambda joins with a comma", async () => {
        const right = `Bearer ${secret}`;
        const event = functionUrlEvent("POST", text, { headers: { authorization: `${right},${right}` } });
        expect(await handlerWith().handler(event)).toMatchObject({ statusCode: 401 });
    });
});
