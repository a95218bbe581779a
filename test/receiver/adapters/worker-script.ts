// The Worker that worker.test.ts runs in workerd.
import { secretsFromText, toWorker } from "../../../receiver";

interface Service {
    fetch(url: string, init?: RequestInit): Promise<Response>;
}

interface Env {
    /** If it is not there, KEEPER is asked. */
    CAPTIONS_WEBHOOK_SECRETS?: string;
    KEEPER: Service;
    HANDED_ON: Service;
}

export default toWorker<Env>((env) => ({
    secrets:
        env.CAPTIONS_WEBHOOK_SECRETS === undefined
            ? async () => secretsFromText(await (await env.KEEPER.fetch("http://keeper/")).text())
            : secretsFromText(env.CAPTIONS_WEBHOOK_SECRETS),
    maxBytes: 100_000,
    waitSeconds: 1,
    onError: () => undefined,
    onDelivery: async (delivery, { waitUntil }) => {
        const work = handOn(env, delivery.raw);
        if (delivery.raw.later) waitUntil(work);
        else await work;
    },
}));

async function handOn(env: Env, raw: unknown): Promise<void> {
    const answer = await env.HANDED_ON.fetch("http://handed-on/", {
        method: "POST",
        body: JSON.stringify(raw),
    });
    if (!answer.ok) throw new Error("It could not be handed on.");
}
