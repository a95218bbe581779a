// An emulator in a process of its own, because Node.js reads NODE_EXTRA_CA_CERTS when it starts. It registers one
// webhook with the URL that it is given, says that, and then delivers an event for each line on its standard input:
// `<event's number> <answer's status>`.
import { createInterface } from "node:readline";
import { startEmulator } from "../../../emulator";

async function main(): Promise<void> {
    const [, , url = ""] = process.argv;
    const emulator = await startEmulator();
    const webhook = emulator.register({ url, enabledEvents: ["creator.success"] });
    console.log(JSON.stringify({ secret: webhook.secret }));
    for await (const line of createInterface({ input: process.stdin })) {
        if (line === "rotate") console.log(JSON.stringify({ secret: emulator.rotate(webhook.id).secret }));
        else {
            const [delivery] = await emulator.finishVideo(emulator.submitVideo(), "success");
            console.log(JSON.stringify({ answer: delivery?.status ?? delivery?.error }));
        }
    }
    await emulator.stop();
}

void main();
