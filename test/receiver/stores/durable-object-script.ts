// The Worker that durable-object.test.ts runs in workerd: a receiver, and its store by itself.
import { toWorker } from "../../../receiver";
import { type DurableObjectBinding, durableObjectDedupe } from "../../../receiver/stores/durable-object";

export { CaptionsDelivery } from "../../../receiver/stores/durable-object";

interface Env {
    CAPTIONS_WEBHOOK_SECRETS: string;
    DELIVERIES: DurableObjectBinding;
    HANDED_ON: { fetch(url: string, init: RequestInit): Promise<Response> };
}

const worker = toWorker<Env>((env) => ({
    secrets: env.CAPTIONS_WEBHOOK_SECRETS,
    dedupe: durableObjectDedupe(env.DELIVERIES),
    onDelivery: async ({ operationId }) => {
        await env.HANDED_ON.fetch("http://handed-on/", { method: "POST", body: operationId ?? null });
    },
}));

export default {
    async fetch(request: Request, env: Env, context: unknown): Promise<Response> {
        const step = new URL(request.url).pathname.slice(1);
        if (step === "") return worker.fetch(request, env, context);
        const store = durableObjectDedupe(env.DELIVERIES);
        const [key, owner, seconds] = (await request.json()) as [string, string, number];
        const result =
            step === "claim"
                ? await store.claim(key, owner, seconds)
                : await (step === "confirm" ? store.confirm(key, owner, seconds) : store.release(key, owner));
        return Response.json(result ?? null);
    },
};
