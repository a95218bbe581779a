// A receiver in memory, with the default dedupe: takes so many more deliveries, each of another video, and answers how
// much of the heap is used then, in bytes.
import { createReceiver } from "pulumi-captions/receiver";
import { deliveryRequest, successEvent } from "pulumi-captions/receiver/testing";

const secret = "whsec_measured";
let handled = 0;
const receiver = createReceiver({ secrets: secret, onDelivery: () => void handled++ });

async function take(deliveries) {
    const until = handled + deliveries;
    while (handled < until) {
        const { status } = await receiver(deliveryRequest({ secret, event: successEvent() }));
        if (status !== 200) throw new Error(`The receiver answered ${status}.`);
    }
    // Node cleans up behind the classes of Fetch in turns of its own.
    for (let turn = 0; turn < 3; turn++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return process.memoryUsage().heapUsed;
}

process.on("message", (deliveries) => void take(deliveries).then((bytes) => process.send(bytes)));
process.on("disconnect", () => process.exit());
process.send("ready");
