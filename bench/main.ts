// `npm run bench`: everything that is measured, in one run: `bench/results.json`, the plots of the README, and its tables.
// `npm run bench -- --quick` tries all of it with few webhooks, in some minutes; `--only start,receiver` a part of it. Neither
// writes anything. What counts is ratios: seconds depend on the machine.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureEngine, standardErrorReporter } from "../engine";
import { measureGrowth } from "./growth";
import { callsSection, live, overheadSection, stateSection } from "./lives";
import { measureMany } from "./many";
import type { Section } from "./measure";
import { ensureOpenTofu } from "./peers/opentofu";
import { drawPlots } from "./plots";
import { writeReadme } from "./readme";
import { type Results, resultOf } from "./results";
import { measureStarts } from "./start";
import { openTofuSubject, pulumiSubjects } from "./subjects";
import { measureTakingOver } from "./taking-over";

/** How much of each thing is measured. */
const whole = {
    lives: [
        { count: 1, latencyMs: 0, rounds: 5 },
        { count: 1, latencyMs: 20, rounds: 5 },
        { count: 10, latencyMs: 20, rounds: 1 },
        { count: 100, latencyMs: 20, rounds: 1 },
        { count: 200, latencyMs: 0, rounds: 3 },
        { count: 200, latencyMs: 20, rounds: 3 },
        { count: 1_000, latencyMs: 0, rounds: 1 },
        { count: 1_000, latencyMs: 20, rounds: 1 },
    ],
    takingOver: [1, 10, 100, 1_000],
    many: { counts: [1_000, 5_000], rounds: 2 },
    growth: { counts: [10, 100, 1_000, 5_000], rounds: 3 },
    starts: 15,
};
const quick: typeof whole = {
    lives: [{ count: 2, latencyMs: 20, rounds: 2 }],
    takingOver: [2],
    many: { counts: [8, 16], rounds: 1 },
    growth: { counts: [10, 100], rounds: 1 },
    starts: 3,
};

const sectionNames = ["lives", "start", "many", "growth"] as const;

async function main(): Promise<void> {
    const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } });
    const only = values.only?.split(",");
    const unknown = only?.find((name) => !(sectionNames as readonly string[]).includes(name));
    if (unknown !== undefined) throw new Error(`--only takes some of ${sectionNames.join(", ")}, not "${unknown}".`);
    const wanted = (name: (typeof sectionNames)[number]): boolean => only === undefined || only.includes(name);
    const amount = values.quick ? quick : whole;

    const started = Date.now();
    const report = (line: string): void => {
        console.error(`${((Date.now() - started) / 60_000).toFixed(1).padStart(5)} min  ${line}`);
    };
    const engine = await ensureEngine(standardErrorReporter());
    const tofu = wanted("lives") || wanted("many") ? await ensureOpenTofu(report) : { missing: "not asked for" };
    const openTofu = "missing" in tofu ? undefined : openTofuSubject(tofu);
    const subjects = pulumiSubjects(engine);
    const sections: Section[] = [];
    if (wanted("start")) sections.push(await measureStarts(amount.starts, report));
    if (wanted("growth")) sections.push(await measureGrowth(amount.growth.counts, amount.growth.rounds, report));
    if (wanted("lives")) {
        const parts = [];
        const all = [...Object.values(subjects), ...(openTofu === undefined ? [] : [openTofu])];
        for (const part of amount.lives) parts.push(await live(all, part, report));
        const takenOver = await measureTakingOver(engine, amount.takingOver, report);
        sections.push(callsSection(parts, takenOver), overheadSection(parts), stateSection(parts));
    }
    if (wanted("many")) {
        const own = [subjects.dynamic, subjects.plugin];
        sections.push(await measureMany({ own, openTofu, ...amount.many }, report));
    }
    for (const section of sections) print(section);
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
    writeFileSync(join(__dirname, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
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
