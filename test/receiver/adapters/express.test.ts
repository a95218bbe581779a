import express, { type Express, type RequestHandler } from "express";
import serverless from "serverless-http";
import { describe, expect, test } from "vitest";
import { toExpressHandler } from "../../../receiver";
import { listen, secret, success } from "../support";
import { readsNoFurther, receiverWith, type Start, saysWhatTookTheBody, takesDeliveries } from "./contract";

/** An application with something before the receiver. */
const behind =
    (...before: RequestHandler[]): Start =>
    (receiver) => {
        const app = express();
        for (const one of before) app.use(one);
        return listen(app.all("/hook", toExpressHandler(receiver)));
    };

takesDeliveries("Express", behind());
takesDeliveries("Express after express.json()", behind(express.json()));
takesDeliveries("Express after express.raw()", behind(express.raw({ type: "*/*" })));
takesDeliveries("Express after express.text()", behind(express.text({ type: "*/*" })));
takesDeliveries("Express after a parser that is for other types", behind(express.urlencoded({ extended: false })));
readsNoFurther("Express", behind());

saysWhatTookTheBody(
    "Express and a logger that listens to data",
    behind((request, _response, next) => {
        request.on("data", () => undefined);
        next();
    }),
);
saysWhatTookTheBody(
    "Express and a logger that reads the body first",
    behind((request, _response, next) => {
        request.on("data", () => undefined);
        request.on("end", () => next());
    }),
);

describe("an Express application in serverless-http, whose requests have no raw headers,", () => {
    const event = (authorization: string, method = "POST") => ({
        version: "2.0",
        rawPath: "/hook",
        headers: { authorization, "content-type": "application/json" },
        requestContext: { http: { method, path: "/hook", sourceIp: "192.0.2.1" } },
        body: JSON.stringify(success()),
        isBase64Encoded: false,
    });
    const applications: [string, (app: Express) => Express][] = [
        ["without a body parser", (app) => app],
        ["after express.json()", (app) => app.use(express.json())],
    ];

    test.each(applications)("takes a genuine delivery %s", async (_what, prepare) => {
        const { receiver, onDelivery } = receiverWith({ dedupe: false });
        const handler = serverless(prepare(express()).all("/hook", toExpressHandler(receiver)));
        expect(await handler(event(`Bearer ${secret}`), {})).toMatchObject({ statusCode: 200 });
        expect(await handler(event("Bearer wrong"), {})).toMatchObject({ statusCode: 401 });
        expect(await handler(event(`Bearer ${secret}`, "PUT"), {})).toMatchObject({ statusCode: 405 });
        expect(onDelivery).toHaveBeenCalledTimes(1);
        expect(onDelivery.mock.calls[0]?.[0].raw).toEqual(success());
    });
});
