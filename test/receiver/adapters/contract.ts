// What a receiver does behind every framework. Each adapter's own test names the ways in which its framework serves it.
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createReceiver, type Receiver, type ReceiverOptions } from "../../../receiver";
import { secret, send, success } from "../support";

/** Starts a server whose path `/hook` is the receiver's, until the test ends. @returns its URL */
export type Start = (receiver: Receiver) => Promise<string>;

export const authorized = { "content-type": "application/json", authorization: `Bearer ${secret}` };

export function receiverWith(options: Partial<ReceiverOptions> = {}) {
    const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
    const onError = vi.fn<NonNullable<ReceiverOptions["onError"]>>();
    const receiver = createReceiver({ secrets: secret, onDelivery, onError, ...options });
    return { receiver, onDelivery, onError };
}

export const postTo = async (url: string, body: unknown, headers: Record<string, string> = authorized) =>
    fetch(`${url}/hook`, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });

export function takesDeliveries(name: string, start: Start): void {
    describe(`a receiver behind ${name}`, () => {
        test("takes a genuine delivery once, with all that is in it", async () => {
            const { receiver, onDelivery } = receiverWith();
            const url = await start(receiver);
            const raw = success({ operationId: "öp_1", nested: { list: [1, "ü"] } });
            for (const _copy of [1, 2]) {
                const answer = await postTo(url, raw);
                expect(answer.status).toBe(200);
                expect(await answer.text()).toBe("");
            }
            expect(onDelivery).toHaveBeenCalledTimes(1);
            expect(onDelivery.mock.calls[0]?.[0]).toMatchObject({ operationId: "öp_1", raw });
        });

        test("answers 401 to a wrong or missing secret, and to two Authorization headers", async () => {
            const { receiver, onDelivery } = receiverWith();
            const url = await start(receiver);
            const json = ["content-type", "application/json"];
            const right = ["Authorization", `Bearer ${secret}`];
            for (const headers of [[], [...right, ...right], ["authorization", "Bearer wrong"]]) {
                const answer = await send(`${url}/hook`, "POST", [...json, ...headers], JSON.stringify(success()));
                expect(answer.status).toBe(401);
                expect(answer.body).toBe("");
                expect(answer.headers["www-authenticate"]).toBe("Bearer");
            }
            expect(onDelivery).not.toHaveBeenCalled();
        });

        test("answers 400 to what is not a delivery, and 500 when the handler fails", async () => {
            const onDelivery = () => Promise.reject(new Error("disk full"));
            const url = await start(receiverWith({ onDelivery }).receiver);
            expect((await postTo(url, { event: 1 })).status).toBe(400);
            expect((await postTo(url, "{")).status).toBe(400);
            expect((await postTo(url, success())).status).toBe(500);
        });

        test("answers 405 to other methods", async () => {
            const url = await start(receiverWith().receiver);
            for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
                const answer = await fetch(`${url}/hook`, { method });
                expect(answer.status).toBe(405);
                expect(answer.headers.get("allow")).toBe("POST");
            }
        });

        test("answers 503 with Retry-After while there is no secret", async () => {
            const url = await start(receiverWith({ secrets: undefined }).receiver);
            const answer = await postTo(url, success());
            expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
        });

        test("takes headers that are strange, as only its own matter", async () => {
            const url = await start(receiverWith().receiver);
            const strange = [
                "x-empty",
                "",
                "x-latin",
                "\u00fc\u00ff",
                "x-twice",
                "1",
                "x-twice",
                "2",
                "cookie",
                "a=b; c",
            ];
            const headers = ["content-type", "application/json", ...strange, "authorization", `Bearer ${secret}`];
            expect((await send(`${url}/hook`, "POST", headers, JSON.stringify(success()))).status).toBe(200);
        });

        test("answers a test with its instance, and takes many deliveries at the same time", async () => {
            const { receiver, onDelivery } = receiverWith({ instance: "pod-7" });
            const url = await start(receiver);
            const answer = await postTo(url, { event: "pulumi-captions.test" });
            expect([answer.status, answer.headers.get("captions-receiver-instance")]).toEqual([200, "pod-7"]);
            const answers = await Promise.all(
                Array.from({ length: 60 }, (_, i) => postTo(url, success({ operationId: `op_${i % 20}` }))),
            );
            expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
            expect(onDelivery).toHaveBeenCalledTimes(20);
        });

        test("answers at once while work goes on", async () => {
            let finish: () => void = () => undefined;
            const work = new Promise<void>((resolve) => {
                finish = resolve;
            });
            const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>((_delivery, { waitUntil }) => waitUntil(work));
            const { receiver } = receiverWith({ onDelivery, waitSeconds: 0 });
            const url = await start(receiver);
            expect((await postTo(url, success())).status).toBe(200);
            expect((await postTo(url, success())).status).toBe(503);
            finish();
            await vi.waitFor(async () => expect((await postTo(url, success())).status).toBe(200));
            expect(onDelivery).toHaveBeenCalledTimes(1);
        });
    });
}

/** For frameworks that leave the body to the receiver. */
export function readsNoFurther(name: string, start: Start): void {
    describe(`a receiver behind ${name}, which leaves the body alone,`, () => {
        test("takes JSON whatever the content type says", async () => {
            const url = await start(receiverWith().receiver);
            for (const type of ["text/plain", "application/octet-stream", "application/json; charset=utf-8"]) {
                expect((await postTo(url, success(), { ...authorized, "content-type": type })).status).toBe(200);
            }
        });

        test("answers 413 to a body that is larger than it says, and reads no further than the limit", async () => {
            const { receiver, onDelivery } = receiverWith({ maxBytes: 1000 });
            const url = await start(receiver);
            const socket = connect(Number(new URL(url).port), "127.0.0.1");
            onTestFinished(() => void socket.destroy());
            const head = [
                "POST /hook HTTP/1.1",
                "Host: x",
                `Authorization: Bearer ${secret}`,
                "Transfer-Encoding: chunked",
            ];
            // The body never ends, so that an answer can only come from one who has stopped to read.
            socket.write(`${head.join("\r\n")}\r\n\r\n`);
            for (let i = 0; i < 20; i++) socket.write(`64\r\n${"x".repeat(100)}\r\n`);
            const [data] = await once(socket, "data");
            expect(String(data)).toMatch(/^HTTP\/1\.1 413 /);
            expect(onDelivery).not.toHaveBeenCalled();
        });

        test("answers 401 to an endless body without waiting for it", async () => {
            const url = await start(receiverWith().receiver);
            const socket = connect(Number(new URL(url).port), "127.0.0.1");
            onTestFinished(() => void socket.destroy());
            socket.write(
                "POST /hook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\nTransfer-Encoding: chunked\r\n\r\n",
            );
            const [data] = await once(socket, "data");
            expect(String(data)).toMatch(/^HTTP\/1\.1 401 /);
        });
    });
}

/**
 * A genuine delivery whose body is gone is our side's mistake: it must not count as wrong, and somebody has to hear of
 * it.
 */
export function saysWhatTookTheBody(name: string, start: Start): void {
    test(`behind ${name}, a genuine delivery is answered 500, and onError says why`, async () => {
        const { receiver, onDelivery, onError } = receiverWith();
        const url = await start(receiver);
        expect((await postTo(url, success())).status).toBe(500);
        expect(onError).toHaveBeenCalledExactlyOnceWith(
            expect.objectContaining({
                name: "SetupError",
                message: expect.stringContaining("read the request's body"),
            }),
            { step: "body" },
        );
        expect(onDelivery).not.toHaveBeenCalled();
        // A stranger learns nothing of it.
        expect((await postTo(url, success(), { authorization: "Bearer wrong" })).status).toBe(401);
    });
}
