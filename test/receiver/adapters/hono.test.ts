import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type ExecutionContext, Hono, type MiddlewareHandler } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ReceiverOptions, toHonoHandler } from "../../../receiver";
import { post, success } from "../support";
import { authorized, readsNoFurther, receiverWith, type Start, saysWhatTookTheBody, takesDeliveries } from "./contract";

const behind =
    (...before: MiddlewareHandler[]): Start =>
    async (receiver) => {
        const app = new Hono();
        for (const one of before) app.use(one);
        app.all("/hook", toHonoHandler(receiver));
        const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
        onTestFinished(() => new Promise((resolve) => server.close(() => resolve(undefined))));
        if (!server.listening) await once(server, "listening");
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };

takesDeliveries("Hono", behind());
readsNoFurther("Hono", behind());
takesDeliveries(
    "Hono after middleware that reads the body",
    behind(async (c, next) => {
        await c.req.text();
        await next();
    }),
);

saysWhatTookTheBody(
    "Hono and middleware that reads the raw request",
    behind(async (c, next) => {
        if (c.req.method === "POST") await c.req.raw.text();
        await next();
    }),
);

describe("Hono", () => {
    test("works after middleware that has parsed the JSON", async () => {
        const { receiver, onDelivery } = receiverWith();
        const app = new Hono();
        app.use(async (c, next) => {
            await c.req.json();
            await next();
        });
        app.post("/hook", toHonoHandler(receiver));
        const request = { method: "POST", headers: authorized, body: JSON.stringify(success()) };
        expect((await app.request("/hook", request)).status).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("hands the runtime's waitUntil on", async () => {
        const waitedFor: Promise<unknown>[] = [];
        const executionContext = {
            waitUntil: (promise: Promise<unknown>) => void waitedFor.push(promise),
            passThroughOnException: () => undefined,
            props: {},
        } as ExecutionContext;
        const onDelivery: ReceiverOptions["onDelivery"] = (_delivery, { waitUntil }) => waitUntil(Promise.resolve());
        const app = new Hono();
        app.post("/hook", toHonoHandler(receiverWith({ onDelivery }).receiver));
        expect((await app.request(post(), undefined, {}, executionContext)).status).toBe(200);
        expect(waitedFor).toHaveLength(1);
    });
});
