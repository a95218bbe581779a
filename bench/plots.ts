// The plots of the README, in light and dark: drawn from `bench/results.json`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EChartsOption, init } from "echarts";
import { figureOf, type Results } from "./results";
import type { Step } from "./subjects";

const folder = join(__dirname, "plots");

const themes = {
    light: {
        text: "#1f2328",
        faint: "#d1d9e0",
        colors: ["#0969da", "#54aeff", "#8c959f", "#afb8c1", "#bc4c00", "#8250df"],
    },
    dark: {
        text: "#f0f6fc",
        faint: "#3d444d",
        colors: ["#4493f8", "#1f6feb", "#9198a1", "#656c76", "#f0883e", "#ab7df8"],
    },
} as const;

/** What the subjects are called in plots and tables, in their order. */
export const subjectNames: Readonly<Record<string, string>> = {
    dynamic: "this package, dynamic",
    plugin: "this package, plugin",
    "null dynamic": "nothing, dynamic",
    "null plugin": "nothing, plugin",
    documentation: "as in Pulumi's documentation",
    OpenTofu: "OpenTofu, restapi (stand-in)",
};

/** Those of a life that are shown: an `up` without changes is like a preview. */
export const shownSteps: readonly Step[] = ["up", "preview", "refresh", "one change", "destroy"];

interface Plot {
    readonly title: string;
    readonly unit: string;
    readonly groups: readonly string[];
    readonly log?: boolean;
    /** By the subject's name, a value a group. */
    readonly bars: Readonly<Record<string, readonly number[]>>;
}

export function drawPlots(results: Results): void {
    mkdirSync(folder, { recursive: true });
    for (const [name, plot] of Object.entries({ seconds: secondsPlot(results), calls: callsPlot(results) })) {
        for (const theme of ["light", "dark"] as const) {
            writeFileSync(join(folder, `${name}-${theme}.svg`), `${draw(plot, theme)}\n`);
        }
    }
}

function secondsPlot(results: Results): Plot {
    return {
        title: "200 webhooks, 20 ms a call",
        unit: "seconds",
        groups: shownSteps,
        bars: Object.fromEntries(
            subjectsIn(results).map((subject) => [
                subject,
                shownSteps.map(
                    (step) => figureOf(results, "Overhead", { subject, count: 200, latencyMs: 20, step }).median,
                ),
            ]),
        ),
    };
}

/** Only who calls: a provider that does nothing has no calls. */
function callsPlot(results: Results): Plot {
    return {
        title: "100 webhooks, five calls a minute",
        unit: "minutes",
        groups: shownSteps,
        bars: Object.fromEntries(
            subjectsIn(results)
                .filter((subject) => !subject.startsWith("null"))
                .map((subject) => [
                    subject,
                    shownSteps.map((step) =>
                        Number(figureOf(results, "Calls", { subject, count: 100, step }).of?.minutesAtFiveAMinute),
                    ),
                ]),
        ),
    };
}

/** OpenTofu may not be had on a machine. */
export function subjectsIn(results: Results): readonly string[] {
    const measured = new Set(results.sections.flatMap(({ figures }) => figures.map((figure) => figure.of?.subject)));
    return Object.keys(subjectNames).filter((subject) => measured.has(subject));
}

/** As short as can be: the bars are narrow. */
const labelOf = ({ value }: { readonly value?: unknown }): string => {
    const number = Number(value);
    return number === 0 ? "0" : number.toFixed(number < 10 ? 1 : 0);
};

function draw({ title, unit, groups, bars }: Plot, theme: keyof typeof themes): string {
    const { text, faint, colors } = themes[theme];
    const textStyle = { color: text, fontFamily: "sans-serif" };
    const option: EChartsOption = {
        animation: false,
        color: Object.keys(subjectNames).flatMap((subject, index) => (subject in bars ? (colors[index] ?? []) : [])),
        title: { text: title, subtext: unit, textStyle: { ...textStyle, fontSize: 15 }, subtextStyle: { color: text } },
        legend: { bottom: 0, textStyle, itemGap: 30 },
        grid: { left: 44, right: 12, top: 64, bottom: 100 },
        xAxis: {
            type: "category",
            data: [...groups],
            axisLabel: { color: text },
            axisLine: { lineStyle: { color: faint } },
        },
        yAxis: { type: "value", axisLabel: { color: text }, splitLine: { lineStyle: { color: faint } } },
        series: Object.entries(bars).map(([subject, values]) => ({
            type: "bar" as const,
            name: subjectNames[subject] ?? subject,
            data: [...values],
            label: { show: true, position: "top" as const, color: text, fontSize: 9, formatter: labelOf },
        })),
    };
    const chart = init(null, null, { renderer: "svg", ssr: true, width: 860, height: 424 });
    chart.setOption(option);
    const svg = chart.renderToSVGString();
    chart.dispose();
    // Of the styles for a pointer, which an image does not have.
    return svg.replace(/<style[^>]*>[\s\S]*?<\/style>\n?/g, "");
}
