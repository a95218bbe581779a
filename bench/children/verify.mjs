// How many deliveries a second are verified, one after the other, with so many secrets of which the last one matches,
// or none.
import { verifyDelivery } from "pulumi-captions/receiver";

const milliseconds = 500;

async function perSecond({ secrets, genuine }) {
    const list = Array.from({ length: secrets }, (_, index) => `whsec_${String(index).padStart(43, "0")}`);
    const headers = { authorization: `Bearer ${genuine ? list.at(-1) : `whsec_${"x".repeat(43)}`}` };
    const started = performance.now();
    let count = 0;
    for (; performance.now() < started + milliseconds; count++) {
        const { ok } = await verifyDelivery(headers, list);
        if (ok !== genuine) throw new Error("The verification is wrong.");
    }
    return (count / (performance.now() - started)) * 1000;
}

process.on("message", (question) => void perSecond(question).then((answer) => process.send(answer)));
process.on("disconnect", () => process.exit());
process.send("ready");
