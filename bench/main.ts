// `npm run bench`: how long the engine takes with 1 and 60 webhooks, and how many calls, against an emulator that
// answers after 20 ms, side by side with a plain dynamic provider written as Pulumi's documentation shows it.
// `npm run bench -- --webhooks 200,1000` for more, `--start` for how long a provider takes to start. What counts is the
// ratio: seconds depend on the machine.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../emulator";
import { type Engine, ensureEngine, standardErrorReporter } from "../engine";
import { runPulumi } from "../engine/pulumi";
import { measureStarts } from "./start";

const root = join(__dirname, "..");
const latencyMs = 20;
const steps = ["up", "up again", "refresh", "destroy"] as const;

interface Measure {
    readonly seconds: number;
    readonly calls: number;
}

const declare = (count: number, create: string): string => `
for (let index = 0; index < ${count}; index++) {
    ${create}("webhook-" + index, { url: "https://api.example.com/" + index, enabledEvents: ["creator.success"] });
}
`;

/** This package. */
const ours = (count: number): string =>
    `const captions = require("pulumi-captions");${declare(count, "new captions.Webhook")}`;

/**
 * As the page on dynamic providers does it: its code is captured, every resource reads for itself, and there is no own
 * diff.
 */
const plain = (count: number): string => `
const pulumi = require("@pulumi/pulumi");
async function call(endpoint, body) {
    const answer = await fetch(process.env.CAPTIONS_BASE_URL + endpoint, {
        method: "POST",
        headers: { "x-api-key": process.env.CAPTIONS_API_KEY, "content-type": "application/json" },
        body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(endpoint + ": status " + answer.status);
    return await answer.json();
}
const provider = {
    async create(inputs) {
        const webhook = await call("/register", { url: inputs.url, enabledEvents: inputs.enabledEvents });
        return { id: webhook.id, outs: { ...inputs, secret: webhook.secret } };
    },
    async read(id, props) {
        const { registeredWebhooks } = await call("/list");
        const webhook = registeredWebhooks.find((one) => one.id === id);
        if (webhook === undefined) return { id: "", props: {} };
        return { id, props: { ...props, url: webhook.url, enabledEvents: webhook.enabledEvents, secret: webhook.secret } };
    },
    async update(id, olds, news) {
        const webhook = await call("/update", { id, url: news.url, enabledEvents: news.enabledEvents });
        return { outs: { ...news, secret: webhook.secret } };
    },
    async delete(id) {
        await call("/delete", { id });
    },
};
class Webhook extends pulumi.dynamic.Resource {
    constructor(name, args, opts) {
        super(provider, name, { secret: undefined, ...args }, { ...opts, additionalSecretOutputs: ["secret"] });
    }
}
${declare(count, "new Webhook")}`;

/** The whole life of so many webhooks. */
async function measure(engine: Engine, program: string, count: number): Promise<readonly Measure[]> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-bench-"));
    const emulator = await startEmulator({ behaviour: { latencyMs } });
    try {
        const project = join(folder, "project");
        mkdirSync(project);
        layOutPackages(join(project, "node_modules"));
        writeFileSync(join(project, "Pulumi.yaml"), "name: bench\nruntime: nodejs\n");
        writeFileSync(join(project, "package.json"), '{"name": "bench", "main": "index.js"}');
        writeFileSync(join(project, "index.js"), program);
        const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
        const run = async (...args: string[]): Promise<Measure> => {
            emulator.clearCalls();
            const started = performance.now();
            const { code, text } = await runPulumi(engine, args, { project, temporaryFolder: folder, env });
            if (code !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${text}`);
            return { seconds: (performance.now() - started) / 1000, calls: emulator.countCalls() };
        };
        const go = ["--yes", "--skip-preview", "--stack", "bench"];
        await run("stack", "init", "bench");
        const first = await run("up", ...go);
        if (emulator.webhooks.length !== count) {
            throw new Error(`There are ${emulator.webhooks.length} webhooks, not ${count}.`);
        }
        const measures = [first];
        measures.push(await run("up", ...go, "--expect-no-changes"));
        measures.push(await run("refresh", ...go));
        measures.push(await run("destroy", ...go));
        return measures;
    } finally {
        await emulator.stop();
        rmSync(folder, { recursive: true, force: true });
    }
}

/** This package as it is built, and what it depends on from this checkout. */
function layOutPackages(nodeModules: string): void {
    const own = join(nodeModules, "pulumi-captions");
    mkdirSync(own, { recursive: true });
    cpSync(join(root, "dist"), join(own, "dist"), { recursive: true });
    cpSync(join(root, "package.json"), join(own, "package.json"));
    mkdirSync(join(nodeModules, "@pulumi"));
    for (const name of ["@pulumi/pulumi", "axios", "fastest-levenshtein", "valibot"]) {
        symlinkSync(join(root, "node_modules", name), join(nodeModules, name), "junction");
    }
}

function parseCounts(args: readonly string[]): readonly number[] {
    if (args.length === 0) return [1, 60];
    const counts = (args[0] === "--webhooks" ? args[1] : undefined)?.split(",").map(Number) ?? [];
    if (counts.length > 0 && args.length === 2 && counts.every((count) => Number.isInteger(count) && count > 0)) {
        return counts;
    }
    throw new Error("Usage: npm run bench [-- --webhooks 1,60,200 | --start]");
}

async function main(): Promise<void> {
    if (process.argv[2] === "--start") return await measureStarts();
    const counts = parseCounts(process.argv.slice(2));
    const engine = await ensureEngine(standardErrorReporter());
    console.log(`Pulumi ${engine.version}, Node ${process.versions.node}, an API that answers after ${latencyMs} ms\n`);
    const columns = [9, 9, 8, 7, 8, 7, 8, 7];
    const row = (...cells: readonly string[]): void => {
        console.log(
            cells.map((cell, index) => (index === 1 ? cell.padEnd(9) : cell.padStart(columns[index] ?? 8))).join(" "),
        );
    };
    row("", "", "this", "", "plain", "", "ratio", "");
    row("webhooks", "", "seconds", "calls", "seconds", "calls", "seconds", "calls");
    for (const count of counts) {
        const [own, other] = [await measure(engine, ours(count), count), await measure(engine, plain(count), count)];
        for (const [index, step] of steps.entries()) {
            const [a, b] = [own[index], other[index]];
            if (a === undefined || b === undefined) continue;
            row(
                index === 0 ? String(count) : "",
                step,
                a.seconds.toFixed(1),
                String(a.calls),
                b.seconds.toFixed(1),
                String(b.calls),
                (a.seconds / b.seconds).toFixed(2),
                b.calls === 0 ? "–" : (a.calls / b.calls).toFixed(2),
            );
        }
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
});
