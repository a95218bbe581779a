import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { deliveryCheckProvider } from "../../provider/dynamic/delivery-check-provider";
import { Proofs, versionOf } from "../../provider/lifecycle";
import { stored } from "../support/account";

const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const newest = "whsec-Zk3Rt9Qm2xVb";
const older = "whsec-Hn7Lp4Wc8sYd";

interface Receiver {
    readonly url: string;
    /** The secrets of what it was sent, in order. */
    readonly received: readonly string[];
    known: readonly string[];
    acceptsAnything: boolean;
}

/** A receiver that knows just what it is told; with several instances each request comes to the next one. */
async function startReceiver(known: readonly string[], instances: readonly (readonly string[])[] = []): Promise<Receiver> {
    const received: string[] = [];
    let turn = 0;
    const server: Server = createServer((request, response) => {
        const secret = (request.headers.authorization ?? "").replace(/^Bearer /, "");
        received.push(secret);
        const index = turn++ % Math.max(1, instances.length);
        if (instances.length > 0) response.setHeader("Captions-Receiver-Instance", `instance-${index}`);
        const isKnown = [...receiver.known, ...(instances[index] ?? [])].includes(secret);
        request.resume().once("end", () => {
            response.writeHead(isKnown || receiver.acceptsAnything ? 200 : 401, { "WWW-Authenticate": "Bearer" }).end();
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/t0ken-in-the-path`;
    const receiver: Receiver = { url, received, known, acceptsAnything: false };
    return receiver;
}

/** A process of the host: what it is given and what it gives is as the engine hands it over and keeps it. */
function startHost() {
    const proofs = new Proofs();
    const notes: string[] = [];
    const provider = deliveryCheckProvider(proofs, (line) => notes.push(line));
    const steps = {
        check: async (news: Properties) => stored(await call(provider.check)({}, stored(news))),
        diff: async (olds: Properties, news: Properties) => await call(provider.diff)("id", stored(olds), stored(news)),
        /** What the engine does for a resource that is new. @returns what it saves */
        create: async (news: Properties): Promise<Properties> => {
            const { inputs } = await steps.check(news);
            return stored((await call(provider.create)(inputs)).outs);
        },
        /** What the engine does for a resource that it has saved. @returns what it saves; undefined where nothing changed */
        update: async (olds: Properties, news: Properties): Promise<Properties | undefined> => {
            const { inputs } = await steps.check(news);
            if (!(await steps.diff(olds, inputs)).changes) return undefined;
            return stored((await call(provider.update)("id", olds, inputs)).outs);
        },
    };
    return { ...steps, provider, proofs, notes };
}

type Properties = Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: the host's types are those of any provider, and its methods are optional.
function call(method: ((...args: any[]) => Promise<any>) | undefined): (...args: unknown[]) => Promise<any> {
    if (method === undefined) throw new Error("The provider lacks a method.");
    return method;
}

/** What a program declares, with what the constructor adds. */
const declared = (url: unknown, secrets: unknown, more: Properties = {}): Properties => ({
    url,
    secrets,
    waitSeconds: 0,
    steadySeconds: 0,
    ...more,
    __provider: "text",
    __owner: ["receivers"],
});

const failure = (running: Promise<unknown>): Promise<Error> =>
    running.then(
        () => expect.unreachable("It did not fail."),
        (error: Error) => error,
    );

/** All that anybody could print of an error. */
const shown = (error: Error) => `${error} ${error.name} ${error.message} ${error.stack} ${JSON.stringify(error)}`;
