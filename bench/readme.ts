// The README's tables of what was measured, between two comments: written from `bench/results.json`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shownSteps, subjectNames, subjectsIn } from "./plots";
import { type FigureResult, figureOf, type Results } from "./results";
import { steps } from "./subjects";

const file = join(__dirname, "../README.md");
const begin = "<!-- npm run bench writes from here -->";
const end = "<!-- to here -->";

export function writeReadme(results: Results): void {
    writeFileSync(file, withTables(readFileSync(file, "utf8"), results));
}

/** @throws Error if the text has no place for them */
export function withTables(text: string, results: Results): string {
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no part between "${begin}" and "${end}".`);
    return `${text.slice(0, from + begin.length)}\n\n${tables(results)}\n\n${text.slice(to)}`;
}

function tables(results: Results): string {
    const { machine, versions, date, minutes } = results;
    return [
        callsTable(results),
        picture("calls", "How many minutes 100 webhooks take at five calls a minute"),
        secondsTable(results),
        picture("seconds", "How many seconds 200 webhooks take"),
        overheadTable(results),
        manyTable(results),
        goalsTable(results),
        `Medians of one run of ${minutes} minutes on ${date}, on ${machine.cores} cores (${machine.processor}, ${machine.system}), ` +
            `Node.js ${versions.node}, Pulumi ${versions.pulumi}${versions.openTofu === undefined ? "" : `, OpenTofu ${versions.openTofu}`}.`,
    ].join("\n\n");
}

function secondsTable(results: Results): string {
    const counts = [1, 200, 1_000];
    const head = ["seconds, 20 ms a call", ...counts.flatMap((count) => shownSteps.map((step) => `${count}: ${step}`))];
    const rows = subjectsIn(results).map((subject) => [
        subjectNames[subject] ?? subject,
        ...counts.flatMap((count) =>
            shownSteps.map((step) =>
                secondsText(figureOf(results, "Overhead", { subject, count, latencyMs: 20, step })),
            ),
        ),
    ]);
    return table(transposed([head, ...rows]));
}

function callsTable(results: Results): string {
    const subjects = subjectsIn(results).filter((subject) => !subject.startsWith("null"));
    const head = ["calls for 100 webhooks (minutes at five calls a minute)", ...steps];
    const rows = subjects.map((subject) => [
        subjectNames[subject] ?? subject,
        ...steps.map((step) => callsText(figureOf(results, "Calls", { subject, count: 100, step }))),
    ]);
    return table(transposed([head, ...rows]));
}

const picture = (name: string, alternative: string): string => `<picture>
  <source media="(prefers-color-scheme: dark)" srcset="bench/plots/${name}-dark.svg">
  <img src="bench/plots/${name}-light.svg" alt="${alternative}">
</picture>`;

function overheadTable(results: Results): string {
    const parts = [1, 200, 1_000].flatMap((count) => [0, 20].map((latencyMs) => ({ count, latencyMs })));
    const savedOnce = (part: { count: number; latencyMs: number }) =>
        figureOf(results, "Overhead", { overhead: "dynamic", step: "up", ...part }).of?.saved === "once";
    const rows = parts.map(({ count, latencyMs }) => [
        `${count} ${count === 1 ? "webhook" : "webhooks"}, ${latencyMs} ms a call` +
            (savedOnce({ count, latencyMs }) ? ", state saved once a run" : ""),
        ...shownSteps.map((step) =>
            ["dynamic", "plugin"]
                .map((overhead) =>
                    figureOf(results, "Overhead", { overhead, count, latencyMs, step }).median.toFixed(2),
                )
                .join(" / "),
        ),
    ]);
    return table([["time over that of nothing, without the calls' own: dynamic / plugin", ...shownSteps], ...rows]);
}

/** The seconds of the first `up` of very many. */
function manyTable({ sections }: Results): string {
    const figures = sections.find(({ title }) => title === "Many")?.figures ?? [];
    const rows = figures.filter(({ unit }) => unit === "s").map((figure) => [figure.name, secondsText(figure)]);
    return table([["`up` of very many webhooks, 20 ms a call", "seconds"], ...rows]);
}

/** Every figure that has a goal, but for those of single steps. */
function goalsTable(results: Results): string {
    const goals = results.sections
        .filter(({ title }) => title !== "Overhead" && title !== "Growth")
        .flatMap(({ figures }) => figures)
        .filter(({ goal }) => goal !== undefined);
    const rows = goals.map(({ name, unit, median, min, max, goal }) => [
        name,
        `${median}${unit === "ratio" ? "" : ` ${unit}`} (${min} to ${max})`,
        goal !== undefined && "atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal?.atLeast}`,
    ]);
    return table([["", "measured", "goal"], ...rows]);
}

const secondsText = ({ median }: FigureResult): string => median.toFixed(median < 10 ? 2 : 1);

function callsText({ median, of }: FigureResult): string {
    const minutes = Number(of?.minutesAtFiveAMinute);
    return median === 0 ? "0" : `${median} (${minutes.toFixed(0)})`;
}

function transposed(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
    return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? ""));
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
