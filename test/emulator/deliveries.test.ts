import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { EmulatorError } from "../../emulator";
import { both, call, eventually, receive, start } from "./support";

test("a video that succeeds is delivered with the secret, the event and the credits", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    const { id, secret } = emulator.register({ url, enabledEvents: both });
    const operationId = emulator.submitVideo({ script: "x".repeat(300) });
    const deliveries = await emulator.finishVideo(operationId, "success");
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
        method: "POST",
        path: "/hook",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    });
    expect(JSON.parse(received[0]?.text ?? "")).toEqual({
        url: expect.stringMatching(/^http:.*\.mp4\?.*X-Amz-Signature=/),
        event: "creator.success",
        operationId,
        creditsSpent: 20,
    });
    expect(deliveries).toEqual([
        {
            id: expect.any(String),
            at: expect.any(Number),
            webhookId: id,
            url,
            event: "creator.success",
            operationId,
            attempt: 1,
            secretVersion: 1,
            status: 200,
            accepted: true,
        },
    ]);
    expect(emulator.deliveries).toEqual(deliveries);
});

test.each([
    ["missing", undefined],
    ["empty", ""],
    ["null", null],
] as const)("a video that fails is delivered without credits, and with its url %s", async (failedUrl, sent) => {
    const emulator = await start({ failedUrl });
    const { url, received } = await receive();
    emulator.register({ url, enabledEvents: both });
    await emulator.finishVideo(emulator.submitVideo(), "failure");
    const body = JSON.parse(received[0]?.text ?? "");
    expect(body).toMatchObject({ event: "creator.failure", creditsSpent: 0 });
    expect(body.url).toBe(sent);
});

test("only webhooks that are enabled for the event are called", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    emulator.register({ url, enabledEvents: ["creator.failure"] });
    expect(await emulator.finishVideo(emulator.submitVideo(), "success")).toEqual([]);
    expect(received).toEqual([]);
});

test("receivers are called at the same time", async () => {
    const emulator = await start();
    const waiting: (() => void)[] = [];
    const { url } = await receive((_request, response) => {
        waiting.push(() => response.end());
        if (waiting.length === 3) for (const answer of waiting) answer();
    });
    for (let index = 0; index < 3; index++) emulator.register({ url, enabledEvents: both });
    const deliveries = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(deliveries.map(({ accepted }) => accepted)).toEqual([true, true, true]);
});

test("after a rotation the new secret is sent", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    const { id } = emulator.register({ url, enabledEvents: both });
    const { secret } = (await call(emulator, "update", { id })).json;
    const [delivery] = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(delivery?.secretVersion).toBe(2);
    expect(received[0]?.headers.authorization).toBe(`Bearer ${secret}`);
});

test("a refusal is recorded, and a redirect is not followed", async () => {
    const emulator = await start();
    const { url, received } = await receive((_request, response) => {
        response.writeHead(307, { Location: "/again" }).end();
    });
    emulator.register({ url, enabledEvents: both });
    const [delivery] = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(delivery).toMatchObject({ status: 307, accepted: false });
    expect(received).toHaveLength(1);
});

test("a refused delivery is tried again as often as deliveryAttempts says, until it is accepted", async () => {
    const emulator = await start({ deliveryAttempts: 5, deliveryRetryDelayMs: 1 });
    let asked = 0;
    const { url } = await receive((_request, response) => {
        response.writeHead(++asked < 3 ? 500 : 204).end();
    });
    emulator.register({ url, enabledEvents: both });
    const deliveries = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(deliveries.map(({ attempt, status }) => [attempt, status])).toEqual([
        [1, 500],
        [2, 500],
        [3, 204],
    ]);
});

test("a receiver that isn't there, or no URL at all, is an error in words", async () => {
    const emulator = await start();
    const free = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    emulator.register({ url: `http://127.0.0.1:${port}`, enabledEvents: both });
    emulator.register({ url: "by hand", enabledEvents: both });
    const deliveries = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(deliveries.map(({ error }) => error)).toEqual([
        "nothing listens there (ECONNREFUSED)",
        "the request failed (ERR_INVALID_URL)",
    ]);
});

test("a receiver that doesn't answer in time is given up", async () => {
    const emulator = await start({ deliveryTimeoutMs: 50 });
    const { url } = await receive(() => undefined);
    emulator.register({ url, enabledEvents: both });
    const [delivery] = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(delivery).toMatchObject({ accepted: false, error: "no answer within 0.05 s" });
});

test("a receiver that never ends its answer doesn't hold up the delivery, nor stop", async () => {
    const emulator = await start();
    const { url } = await receive((_request, response) => {
        response.writeHead(200).write("endless");
    });
    emulator.register({ url, enabledEvents: both });
    const [delivery] = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(delivery?.accepted).toBe(true);
    await emulator.stop();
});

test("finishing again repeats the delivery, and never turns the outcome around", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    emulator.register({ url, enabledEvents: both });
    const operationId = emulator.submitVideo();
    await emulator.finishVideo(operationId, "success");
    await emulator.finishVideo(operationId, "success");
    expect(received[1]?.text).toBe(received[0]?.text);
    await expect(emulator.finishVideo(operationId, "failure")).rejects.toThrow(/ended already/);
    await expect(emulator.finishVideo("none", "success")).rejects.toThrow(/no video/);
});

test.each([
    ["success", 200],
    ["failure", 500],
] as const)(
    "an event of a %s that was answered %i is delivered again: the same body, to where the webhook is by now",
    async (outcome, status) => {
        const emulator = await start();
        const [before, now] = [
            await receive((_request, response) => void response.writeHead(status).end()),
            await receive(),
        ];
        const { id } = emulator.register({ url: before.url, enabledEvents: both });
        const operationId = emulator.submitVideo();
        const [first] = await emulator.finishVideo(operationId, outcome);
        // Neither what a failed video's body is by now nor whether the event is still enabled plays a part.
        emulator.behave({ failedUrl: "null" });
        const { secret } = emulator.update(id, { url: now.url, enabledEvents: ["creator.later"] });

        const again = await emulator.redeliver(first?.id ?? "");
        expect(now.received).toHaveLength(1);
        expect(now.received[0]?.text).toBe(before.received[0]?.text);
        expect(now.received[0]?.headers).toMatchObject({
            authorization: `Bearer ${secret}`,
            "content-type": "application/json",
        });
        expect(again).toEqual({
            id: expect.any(String),
            at: expect.any(Number),
            webhookId: id,
            url: now.url,
            event: `creator.${outcome}`,
            operationId,
            attempt: 2,
            secretVersion: 2,
            status: 200,
            accepted: true,
        });
        expect(emulator.deliveries).toEqual([first, again]);
        // Each can be delivered again, and counts on.
        expect(await emulator.redeliver(again.id)).toMatchObject({ attempt: 3 });
        expect(await emulator.redeliver(first?.id ?? "")).toMatchObject({ attempt: 4 });
        expect(new Set(emulator.deliveries.map((delivery) => delivery.id)).size).toBe(4);
    },
);

test("delivering again is one attempt, however often a delivery is tried", async () => {
    const emulator = await start({ deliveryAttempts: 3, deliveryRetryDelayMs: 1 });
    const { url, received } = await receive((_request, response) => void response.writeHead(503).end());
    emulator.register({ url, enabledEvents: both });
    const [first] = await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(await emulator.redeliver(first?.id ?? "")).toMatchObject({ attempt: 4, status: 503, accepted: false });
    expect(received).toHaveLength(4);
});

test("each attempt has a number of its own, also those at the same moment and those of a repeat", async () => {
    const emulator = await start({ deliveryAttempts: 2, deliveryRetryDelayMs: 1 });
    const { url } = await receive((_request, response) => void response.writeHead(503).end());
    emulator.register({ url, enabledEvents: both });
    const operationId = emulator.submitVideo();
    const [first] = await emulator.finishVideo(operationId, "success");
    const id = first?.id ?? "";
    await Promise.all([
        emulator.redeliver(id),
        emulator.redeliver(id),
        emulator.finishVideo(operationId, "success"),
        emulator.redeliver(id),
    ]);
    const numbers = emulator.deliveries.map(({ attempt }) => attempt);
    expect(numbers.sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("what cannot be delivered again says why: the webhook is gone, or the delivery is not known", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    const { id } = emulator.register({ url, enabledEvents: both });
    const [first] = await emulator.finishVideo(emulator.submitVideo(), "success");
    emulator.remove(id);
    const gone = new EmulatorError(
        `The webhook ${id} has been deleted, so its event cannot be delivered again. Register a webhook, and end a new video.`,
    );
    await expect(emulator.redeliver(first?.id ?? "")).rejects.toThrow(gone);
    await expect(emulator.redeliver("none")).rejects.toThrow(/There is no such delivery/);
    emulator.reset();
    await expect(emulator.redeliver(first?.id ?? "")).rejects.toThrow(/There is no such delivery/);
    expect(received).toHaveLength(1);
});

test("with videoSeconds a submitted video succeeds by itself", async () => {
    const emulator = await start({ videoSeconds: 0.1 });
    const { url } = await receive();
    emulator.register({ url, enabledEvents: both });
    const { operationId } = (await call(emulator, `${emulator.creatorUrl}/submit`, { script: "Hello" })).json;
    const delivery = await emulator.whenDelivered((one) => one.operationId === operationId);
    expect(delivery).toMatchObject({ event: "creator.success", accepted: true });
});

test("stop ends what is being delivered", async () => {
    const emulator = await start({ deliveryAttempts: 3 });
    const { url, received } = await receive(() => undefined);
    emulator.register({ url, enabledEvents: both });
    const finishing = emulator.finishVideo(emulator.submitVideo(), "success");
    await eventually(() => received.length).toBe(1);
    await emulator.stop();
    expect(await finishing).toMatchObject([{ error: "the emulator stopped" }]);
    onTestFinished(() => expect(received).toHaveLength(1));
});

test("an event for very many webhooks reaches all, without using up their time limit by sending to all at once", async () => {
    const emulator = await start();
    const many = 600;
    const held: ServerResponse[] = [];
    let most = 0;
    let release = false;
    const { url } = await receive((_request, response) => {
        if (release) return void response.end();
        most = held.push(response);
    });
    for (let count = 0; count < many; count++) emulator.register({ url, enabledEvents: both });
    const delivering = emulator.finishVideo(emulator.submitVideo(), "success");
    await eventually(() => held.length).toBe(256);
    release = true;
    for (const response of held) response.end();
    const deliveries = await delivering;
    expect(deliveries.map(({ webhookId }) => webhookId)).toEqual(emulator.webhooks.map(({ id }) => id));
    expect(deliveries.every(({ accepted }) => accepted)).toBe(true);
    expect(most).toBe(256);
});
