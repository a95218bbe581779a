// An emulator whose clock runs so many times as fast as the real one. Asked to end so many videos for so many webhooks,
// it answers how many deliveries a second that made. Asked for anything else, it answers how much of the heap is used,
// in bytes.
import { startEmulator } from "pulumi-captions/emulator";

const [speed] = process.argv.slice(2).map(Number);
const started = Date.now();
const emulator = await startEmulator({ now: () => started + (Date.now() - started) * speed });

async function deliver({ videos, webhooks, url }) {
    const ids = Array.from({ length: webhooks }, () => {
        return emulator.register({ url, enabledEvents: ["creator.success"] }).id;
    });
    const before = performance.now();
    for (let made = 0; made < videos; made++) {
        const attempts = await emulator.finishVideo(emulator.submitVideo(), "success");
        if (!attempts.every(({ accepted }) => accepted)) throw new Error("A delivery was not accepted.");
    }
    const seconds = (performance.now() - before) / 1000;
    for (const id of ids) emulator.remove(id);
    return (videos * webhooks) / seconds;
}

async function heapUsed() {
    // What has ended is let go of in turns of its own.
    for (let turn = 0; turn < 3; turn++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return process.memoryUsage().heapUsed;
}

process.on("message", (question) => {
    const answer = typeof question === "object" ? deliver(question) : heapUsed();
    void answer.then((value) => process.send(value));
});
process.on("disconnect", () => process.exit());
process.send({ url: emulator.url, apiKey: emulator.apiKey });
