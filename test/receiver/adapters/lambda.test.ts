import type {
    ALBHandler,
    APIGatewayProxyHandler,
    APIGatewayProxyHandlerV2,
    LambdaFunctionURLHandler,
} from "aws-lambda";
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from "vitest";
import { type LambdaEvent, type ReceiverOptions, toLambdaHandler } from "../../../receiver";
import { deferred, secret, success } from "../support";
import { receiverWith } from "./contract";

/** What of a request goes into an event; headers with all their values. */
interface Sent {
    method?: string;
    headers?: Record<string, string[]>;
    body?: string | null;
    isBase64Encoded?: boolean;
}

const genuine = { Authorization: [`Bearer ${secret}`], "Content-Type": ["application/json"] };
const text = JSON.stringify(success({ operationId: "öp_1" }));
const lowerCase = (headers: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]));
const joined = (headers: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(",")]));
const last = (headers: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.at(-1)]));

/** Each HTTP event that AWS documents, with all its fields. */
const events: Record<string, (sent: Sent) => object> = {
    // https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    "a function URL": ({ method = "POST", headers = genuine, body = text, isBase64Encoded = false }) => ({
        version: "2.0",
        routeKey: "$default",
        rawPath: "/hook",
        rawQueryString: "generation=2026-11",
        cookies: [],
        headers: { ...joined(lowerCase(headers)), host: "abcdefg.lambda-url.eu-central-1.on.aws" },
        queryStringParameters: { generation: "2026-11" },
        requestContext: {
            accountId: "anonymous",
            apiId: "abcdefg",
            authentication: null,
            authorizer: null,
            domainName: "abcdefg.lambda-url.eu-central-1.on.aws",
            domainPrefix: "abcdefg",
            http: { method, path: "/hook", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "captions" },
            requestId: "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            routeKey: "$default",
            stage: "$default",
            time: "12/Mar/2026:19:03:58 +0000",
            timeEpoch: 1583348638390,
        },
        ...(body !== null && { body }),
        isBase64Encoded,
    }),
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    "an HTTP API with payload format 2.0": ({
        method = "POST",
        headers = genuine,
        body = text,
        isBase64Encoded = false,
    }) => ({
        version: "2.0",
        routeKey: "POST /hook",
        rawPath: "/hook",
        rawQueryString: "",
        headers: joined(lowerCase(headers)),
        requestContext: {
            accountId: "123456789012",
            apiId: "api-id",
            http: { method, path: "/hook", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "captions" },
            requestId: "id",
            stage: "$default",
        },
        pathParameters: {},
        stageVariables: {},
        ...(body !== null && { body }),
        isBase64Encoded,
    }),
    "an HTTP API with payload format 1.0": ({
        method = "POST",
        headers = genuine,
        body = text,
        isBase64Encoded = false,
    }) => ({
        version: "1.0",
        resource: "/hook",
        path: "/hook",
        httpMethod: method,
        headers: last(headers),
        multiValueHeaders: headers,
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
        requestContext: {
            accountId: "123456789012",
            apiId: "id",
            httpMethod: method,
            path: "/hook",
            stage: "$default",
        },
        pathParameters: null,
        stageVariables: null,
        body,
        isBase64Encoded,
    }),
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    "a REST API": ({ method = "POST", headers = genuine, body = text, isBase64Encoded = false }) => ({
        resource: "/{proxy+}",
        path: "/hook",
        httpMethod: method,
        headers: last(headers),
        multiValueHeaders: headers,
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
        pathParameters: { proxy: "hook" },
        stageVariables: null,
        requestContext: {
            resourceId: "2gxmpl",
            resourcePath: "/{proxy+}",
            httpMethod: method,
            stage: "Prod",
            apiId: "70ixmpl4fl",
        },
        body,
        isBase64Encoded,
    }),
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    "a load balancer": ({ method = "POST", headers = genuine, body = text, isBase64Encoded = false }) => ({
        requestContext: {
            elb: { targetGroupArn: "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/f/6d0e" },
        },
        httpMethod: method,
        path: "/hook",
        queryStringParameters: {},
        headers: joined(lowerCase(headers)),
        body: body ?? "",
        isBase64Encoded,
    }),
    "a load balancer with multi-value headers": ({
        method = "POST",
        headers = genuine,
        body = text,
        isBase64Encoded = false,
    }) => ({
        requestContext: {
            elb: { targetGroupArn: "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/f/6d0e" },
        },
        httpMethod: method,
        path: "/hook",
        multiValueQueryStringParameters: {},
        multiValueHeaders: lowerCase(headers),
        body: body ?? "",
        isBase64Encoded,
    }),
};

function handlerWith(options: Partial<ReceiverOptions> = {}) {
    const { receiver, onDelivery, onError } = receiverWith(options);
    const handler = toLambdaHandler(receiver);
    return { handle: (event: unknown) => handler(event as LambdaEvent), onDelivery, onError };
}

describe.each(Object.entries(events))("a Lambda function behind %s", (name, eventOf) => {
    test("takes a delivery as text or as base64", async () => {
        const { handle, onDelivery } = handlerWith({ dedupe: false });
        expect(await handle(eventOf({}))).toMatchObject({ statusCode: 200, headers: {}, body: "" });
        const body = Buffer.from(text).toString("base64");
        expect(await handle(eventOf({ body, isBase64Encoded: true }))).toMatchObject({ statusCode: 200 });
        expect(onDelivery.mock.calls.map(([delivery]) => delivery.operationId)).toEqual(["öp_1", "öp_1"]);
    });

    test("answers in Lambda's format to what it does not take", async () => {
        const { handle, onDelivery, onError } = handlerWith();
        const wrong = await handle(eventOf({ headers: { authorization: ["Bearer wrong"] } }));
        expect(wrong).toMatchObject({ statusCode: 401, headers: { "www-authenticate": "Bearer" }, body: "" });
        const onlyMultiValue = name.endsWith("multi-value headers");
        expect(wrong.multiValueHeaders).toEqual(onlyMultiValue ? { "www-authenticate": ["Bearer"] } : undefined);
        expect(await handle(eventOf({ headers: {} }))).toMatchObject({ statusCode: 401 });
        for (const method of ["GET", "TRACE", "post"]) {
            expect(await handle(eventOf({ method }))).toMatchObject({ statusCode: 405, headers: { allow: "POST" } });
        }
        expect(await handle(eventOf({ body: null }))).toMatchObject({ statusCode: 400 });
        const { handle: small } = handlerWith({ maxBytes: 100 });
        expect(await small(eventOf({ body: text.padEnd(101) }))).toMatchObject({ statusCode: 413 });
        expect(onDelivery).not.toHaveBeenCalled();
        expect(onError).not.toHaveBeenCalled();
    });

    test("answers 400 to rubbish in base64, after the secret was checked", async () => {
        const { handle } = handlerWith();
        for (const body of ["%%%", "a", "{}", "\u2713"]) {
            const sent = { body, isBase64Encoded: true };
            expect(await handle(eventOf(sent))).toMatchObject({ statusCode: 400 });
            expect(await handle(eventOf({ ...sent, headers: {} }))).toMatchObject({ statusCode: 401 });
        }
    });

    test("answers 401 to two Authorization headers, however they come", async () => {
        const { handle } = handlerWith();
        const authorization = [`Bearer ${secret}`, `Bearer ${secret}`];
        expect(await handle(eventOf({ headers: { authorization } }))).toMatchObject({ statusCode: 401 });
    });

    test("takes any headers beside its own, also those that no Headers takes", async () => {
        const { handle } = handlerWith();
        const strange = { "x-user": ["\u2713 Zo\u00eb"], "x bad": ["a\nb"], "x-none": [] };
        expect(await handle(eventOf({ headers: { ...strange, ...genuine } }))).toMatchObject({ statusCode: 200 });
        const wrong = { authorization: ["Bearer \u2713"] };
        expect(await handle(eventOf({ headers: wrong }))).toMatchObject({ statusCode: 401 });
    });

    test("answers when the work is done, as Lambda stops a function that has answered", async () => {
        const [begun, work] = [deferred(), deferred()];
        const onDelivery: ReceiverOptions["onDelivery"] = (_delivery, { waitUntil }) => {
            waitUntil(work.promise);
            begun.resolve();
        };
        const { handle, onError } = handlerWith({ onDelivery });
        const answered = vi.fn();
        const answer = handle(eventOf({}));
        void answer.then(answered);
        await begun.promise;
        await new Promise((resolve) => setImmediate(resolve));
        expect(answered).not.toHaveBeenCalled();
        work.reject(new Error("late"));
        expect(await answer).toMatchObject({ statusCode: 200 });
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: "late" }), expect.anything());
    });
});

describe("a Lambda function that is called with what is no HTTP event", () => {
    test.each([
        ["nothing", undefined],
        ["null", null],
        ["a text", "hello"],
        ["an empty object", {}],
        ["messages of a queue", { Records: [{ messageId: "1", body: text, eventSource: "aws:sqs" }] }],
        ["a schedule", { version: "0", "detail-type": "Scheduled Event", source: "aws.events", detail: {} }],
        ["a WebSocket", { requestContext: { routeKey: "$connect", connectionId: "x" }, isBase64Encoded: false }],
        ["a method that is no text", { httpMethod: 7, requestContext: { http: null } }],
    ])("answers 500, and tells onError in a sentence: %s", async (_what, event) => {
        const { handle, onError } = handlerWith();
        expect(await handle(event)).toMatchObject({ statusCode: 500, body: "" });
        expect(onError).toHaveBeenCalledExactlyOnceWith(
            expect.objectContaining({ name: "SetupError", message: expect.stringContaining("not an HTTP request") }),
            { step: "request" },
        );
    });

    test("says so on the console by default", async () => {
        const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
        onTestFinished(() => said.mockRestore());
        await handlerWith({ onError: undefined }).handle({});
        expect(said.mock.calls.join()).toContain("not an HTTP request");
    });

    test.each([
        ["headers that are none", { httpMethod: "POST", headers: 7 }],
        ["no headers", { httpMethod: "POST", headers: null, multiValueHeaders: null }],
        [
            "a body that is parsed",
            { httpMethod: "POST", headers: { authorization: `Bearer ${secret}` }, body: { a: 1 } },
        ],
    ])("answers an event with %s, and does not reject", async (_what, event) => {
        const { statusCode } = await handlerWith().handle(event);
        expect([400, 401, 500]).toContain(statusCode);
    });
});

test("the handler has the type of each kind of AWS's handlers", () => {
    const handler = toLambdaHandler(receiverWith().receiver);
    const events: Parameters<typeof handler>[0] = {} as Parameters<APIGatewayProxyHandler>[0];
    const others: Parameters<typeof handler>[0][] = [
        {} as Parameters<APIGatewayProxyHandlerV2>[0],
        {} as Parameters<LambdaFunctionURLHandler>[0],
        {} as Parameters<ALBHandler>[0],
    ];
    expect([events, ...others]).toHaveLength(4);
    expectTypeOf(handler).toExtend<APIGatewayProxyHandler>();
    expectTypeOf(handler).toExtend<APIGatewayProxyHandlerV2>();
    expectTypeOf(handler).toExtend<LambdaFunctionURLHandler>();
    expectTypeOf(handler).toExtend<ALBHandler>();
});
