// The two steps of a rotation, as a change of generations.json: `node ci/generations.mjs add|drop <stack>`.
// Each does nothing where it is done already, so that a rotation that stopped half-way goes on from there.
import { readFileSync, writeFileSync } from "node:fs";

const [step, name = ""] = process.argv.slice(2);
const file = new URL("../generations.json", import.meta.url);
const all = JSON.parse(readFileSync(file, "utf8"));
const stack = name.split("/").at(-1);
const [newest, ...older] = all[stack] ?? [];
if (newest === undefined || !["add", "drop"].includes(step)) {
    console.error(`Usage: node ci/generations.mjs add|drop <${Object.keys(all).join("|")}>`);
    process.exit(2);
}

if (step === "add" && older.length === 0) save([nameOfToday(), newest]);
else if (step === "drop" && older.length > 0) save([newest]);
else console.log(`Nothing to ${step}: ${stack} has ${[newest, ...older].join(", ")}.`);

function nameOfToday() {
    const today = new Date().toISOString().slice(0, 10);
    const [day, count = 1] = newest.split(".");
    return day === today ? `${today}.${Number(count) + 1}` : today;
}

function save(generations) {
    writeFileSync(file, `${JSON.stringify({ ...all, [stack]: generations }, null, 2)}\n`);
    console.log(`${stack} has ${generations.join(", ")} now, newest first.`);
}
