// The Worker that worker.test.ts runs in workerd.
import { secretsFromText, toWorker } from "../../receiver/index.js";

interface Env {
    CAPTIONS_WEBHOOK_SECRETS: string;
    HANDED_ON: { fetch(url: string, init: RequestInit): Promise<Response> };
}

export default toWorker<Env>((env) => ({
    secrets: secretsFromText(env.CAPTIONS_WEBHOOK_SECRETS),
    maxBytes: 100_000,
    onError: () => undefined,
    onDelivery: async (delivery) => {
        const answer = await env.HANDED_ON.fetch("http://handed-on/", {
            method: "POST",
            body: JSON.stringify(delivery.raw),
        });
        if (!answer.ok) throw new Error("It could not be handed on.");
    },
}));
