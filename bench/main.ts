// `npm run bench`: everything that is measured, in one run. Writes `bench/results.json`, and the README's plots and
// tables. `npm run bench -- --quick` tries all of it with few webhooks, in some minutes, and `--only start,receiver` a
// part of it: neither writes anything. `--draw` writes plots and tables again from the results that are there. What
// counts is ratios: seconds depend on the machine.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Engine, ensureEngine, standardErrorReporter } from "../engine";
import { ensureLanguages } from "../engine/languages";
import { measureEmulator } from "./emulator";
import { measureGrowth } from "./growth";
import { callsSection, type LivedPart, live, overheadSection, type Part, stateSection } from "./lives";
import { measureMany } from "./many";
import type { Report, Section } from "./measure";
import { ensureOpenTofu, type OpenTofu } from "./peers/opentofu";
import { drawPlots } from "./plots";
import { writeReadme } from "./readme";
import { measureReceiver } from "./receiver";
import { type Results, resultOf } from "./results";
import { measureStarts } from "./start";
import { openTofuSubject, pulumiSubjects, type Subject } from "./subjects";
import { measureTakingOver } from "./taking-over";

/** How much of each thing is measured. */
const whole = {
    lives: [
        { count: 1, latencyMs: 0, rounds: 3, floorOnly: true },
        { count: 1, latencyMs: 20, rounds: 3 },
        { count: 10, latencyMs: 20, rounds: 1 },
        { count: 100, latencyMs: 20, rounds: 1 },
        { count: 200, latencyMs: 0, rounds: 2, floorOnly: true },
        { count: 200, latencyMs: 20, rounds: 3 },
        { count: 1_000, latencyMs: 0, rounds: 2, floorOnly: true, skipCheckpoints: true },
        { count: 1_000, latencyMs: 20, rounds: 1 },
    ] as readonly Part[],
    takingOver: [1, 10, 100, 1_000],
    many: [
        { count: 1_000, rounds: 3 },
        { count: 5_000, rounds: 1 },
    ],
    growth: { counts: [10, 100, 1_000, 5_000], rounds: 2 },
    starts: 11,
    loopback: 3,
};
const quick: typeof whole = {
    lives: [{ count: 2, latencyMs: 20, rounds: 2 }],
    takingOver: [2],
    many: [
        { count: 8, rounds: 2 },
        { count: 16, rounds: 1 },
    ],
    growth: { counts: [10, 100], rounds: 1 },
    starts: 3,
    loopback: 1,
};

const sectionNames = ["start", "receiver", "emulator", "growth", "lives", "many"] as const;
const resultsFile = join(__dirname, "results.json");

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: { quick: { type: "boolean" }, only: { type: "string" }, draw: { type: "boolean" } },
    });
    if (values.draw) return show(JSON.parse(readFileSync(resultsFile, "utf8")) as Results);
    const only = values.only?.split(",");
    const unknown = only?.find((name) => !(sectionNames as readonly string[]).includes(name));
    if (unknown !== undefined) throw new Error(`--only takes some of ${sectionNames.join(", ")}, not "${unknown}".`);

    const started = Date.now();
    const report = (line: string): void => {
        console.error(`${((Date.now() - started) / 60_000).toFixed(1).padStart(5)} min  ${line}`);
    };
    const reporter = standardErrorReporter();
    const engine = await ensureLanguages(await ensureEngine(reporter), ["yaml"], reporter);
    const tofu = await ensureOpenTofu(report);
    const sections: Section[] = [];
    for (const name of sectionNames) {
        if (only?.includes(name) === false) continue;
        const measured = await measure[name]({ engine, tofu, report, amount: values.quick ? quick : whole });
        for (const section of measured) print(section);
        sections.push(...measured);
    }
    if (values.quick || only !== undefined) return;
    const results: Results = {
        date: new Date().toISOString().slice(0, 10),
        machine: {
            processor: cpus()[0]?.model.trim(),
            cores: cpus().length,
            system: `${process.platform} ${process.arch}`,
        },
        versions: {
            node: process.versions.node,
            pulumi: engine.version,
            ...("missing" in tofu ? {} : { openTofu: tofu.version, restapi: tofu.providerVersion }),
        },
        minutes: Math.round((Date.now() - started) / 60_000),
        sections: sections.map(resultOf),
    };
    writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
    show(results);
}

interface Instruments {
    readonly engine: Engine;
    readonly tofu: OpenTofu | { readonly missing: string };
    readonly report: Report;
    readonly amount: typeof whole;
}

const measure: Readonly<
    Record<(typeof sectionNames)[number], (instruments: Instruments) => Promise<readonly Section[]>>
> = {
    start: async ({ amount, report }) => [await measureStarts(amount.starts, report)],
    receiver: async ({ amount, report }) => [await measureReceiver(amount.loopback, report)],
    emulator: async ({ amount, report }) => [await measureEmulator(amount.loopback, report)],
    growth: async ({ amount, report }) => [await measureGrowth(amount.growth.counts, amount.growth.rounds, report)],
    lives: async ({ engine, tofu, amount, report }) => {
        const all = pulumiSubjects(engine);
        const floor = [all.dynamic, all.plugin, all["null dynamic"], all["null plugin"]];
        const parts: LivedPart[] = [];
        for (const part of amount.lives) {
            const peers = part.floorOnly ? [] : [all.documentation, ...openTofuSubjects(tofu)];
            parts.push(await live([...floor, ...peers], part, report));
        }
        const takenOver = await measureTakingOver(engine, amount.takingOver, report);
        return [callsSection(parts, takenOver), overheadSection(parts), stateSection(parts)];
    },
    many: async ({ engine, tofu, amount, report }) => {
        const all = pulumiSubjects(engine);
        const own = [all.dynamic, all.plugin];
        const faster = [all["dynamic without traces"], all["plugin without traces"], all["plugin from YAML"]];
        const [openTofu] = openTofuSubjects(tofu);
        return [await measureMany({ own, faster, openTofu, parts: amount.many }, report)];
    },
};

/** None where it cannot be had. */
function openTofuSubjects(tofu: OpenTofu | { readonly missing: string }): readonly Subject[] {
    return "missing" in tofu ? [] : [openTofuSubject(tofu)];
}

function show(results: Results): void {
    drawPlots(results);
    writeReadme(results);
}

function print(section: Section): void {
    const { title, notes = [], figures } = resultOf(section);
    console.log(`\n${title}\n${notes.map((note) => `  ${note}\n`).join("")}`);
    for (const { name, unit, median, min, max, goal, met } of figures) {
        const wanted = goal === undefined ? "" : `  goal ${JSON.stringify(goal)}: ${met ? "met" : "missed"}`;
        console.log(`  ${name.padEnd(60)} ${median} ${unit} (${min} to ${max})${wanted}`);
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
});
