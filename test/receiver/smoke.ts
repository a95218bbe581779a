// What a receiver does, in a form that any runtime can run: with nothing but web standards. runtimes.test.ts runs it.
import { cachedSecrets, createReceiver, type HandedDelivery, secretsFromText, verifyDelivery } from "../../receiver";
import { deliveryRequest } from "../../receiver/testing";

const secret = "whsec_smoke";
const delivery = {
    url: "https://videos.example.com/1",
    event: "creator.success",
    operationId: "op_1",
    creditsSpent: 1,
};

function check(what: string, actual: unknown, expected: unknown): void {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error(`${what}: ${JSON.stringify(actual)}`);
}

function post(body: string | ReadableStream<Uint8Array>, token = secret): Request {
    const init: RequestInit & { duplex?: "half" } = {
        method: "POST",
        body,
        headers: { authorization: `bearer ${token}` },
        duplex: "half",
    };
    return new Request("https://receiver.example.com/", init);
}

async function smoke(): Promise<void> {
    const handed: HandedDelivery[] = [];
    const receiver = createReceiver({
        secrets: cachedSecrets(async () => secretsFromText(`["new", "${secret}"]`), { minRefetchSeconds: 0 }),
        maxBytes: 100_000,
        onError: () => undefined,
        onDelivery: (one) => {
            if (one.operationId === "fails") throw new Error("no");
            handed.push(one);
        },
    });
    const statusOf = async (request: Request) => (await receiver(request)).status;
    const text = JSON.stringify(delivery);

    check("verified", await verifyDelivery(new Headers({ authorization: `Bearer ${secret}` }), secret), {
        ok: true,
        secretIndex: 0,
    });
    check("copies", await Promise.all([1, 2, 3].map(() => statusOf(post(text)))), [200, 200, 200]);
    check(
        "handed on once",
        handed.map(({ operationId }) => operationId),
        ["op_1"],
    );
    check("wrong secret", await statusOf(post(text, "wrong")), 401);
    check("no JSON", await statusOf(post("{")), 400);
    check("GET", await statusOf(new Request("https://receiver.example.com/")), 405);
    const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
    });
    check("endless", await statusOf(post(endless)), 413);
    check("failing", await statusOf(post(text.replace("op_1", "fails"))), 500);
    check("genuine", await statusOf(deliveryRequest({ secret })), 200);
    check("test", await statusOf(post('{"event":"pulumi-captions.test"}')), 200);
}

smoke().then(
    () => console.log("The receiver works."),
    (error) => {
        console.error(error);
        throw error;
    },
);
