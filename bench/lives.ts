// The whole life of many webhooks, by every subject: how many calls, and how long. The subjects take turns in each
// round, so that whatever else the machine does meets all of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../emulator";
import { RateLimiter } from "../emulator/api/rate-limiter";
import { type Figure, median, type Report, ratios, type Section } from "./measure";
import { type Step, type Subject, steps } from "./subjects";

/** How many calls the provider makes at the same time, at most: `maxConcurrentCalls` of `provider/api/client.ts`. */
const parallelism = 8;

/** What one life came to, by its steps. */
interface Lived {
    readonly seconds: Readonly<Record<Step, number>>;
    readonly calls: Readonly<Record<Step, number>>;
    /** Of the state once all are there. */
    readonly stateBytes: number;
}

/** A part of the matrix: so many webhooks, at an API that takes so long, so often. */
export interface Part {
    readonly count: number;
    readonly latencyMs: number;
    readonly rounds: number;
    /** Whether the engine saves its state once a run, so that it is less of what is measured. Default: `false`. */
    readonly skipCheckpoints?: boolean;
    /** Whether only this package and providers that do nothing are measured. Default: `false`. */
    readonly floorOnly?: boolean;
}

/** What was measured of a part: a life a round, by the subject's name. */
export interface LivedPart extends Part {
    readonly lives: ReadonlyMap<string, readonly Lived[]>;
}

export async function live(subjects: readonly Subject[], part: Part, report: Report): Promise<LivedPart> {
    const lives = new Map(subjects.map(({ name }) => [name, [] as Lived[]]));
    for (let round = 0; round < part.rounds; round++) {
        for (const subject of subjects) {
            report(
                `${part.count} webhooks, ${part.latencyMs} ms a call, round ${round + 1} of ${part.rounds}: ` +
                    `${subject.name}`,
            );
            lives.get(subject.name)?.push(await liveOnce(subject, part));
        }
    }
    return { ...part, lives };
}

async function liveOnce(subject: Subject, { count, latencyMs, skipCheckpoints = false }: Part): Promise<Lived> {
    return await inFolder(async (folder) => {
        const emulator = await startEmulator({ behaviour: { latencyMs } });
        try {
            const life = await subject.begin({ folder, emulator, count, skipCheckpoints });
            const seconds: Partial<Record<Step, number>> = {};
            const calls: Partial<Record<Step, number>> = {};
            let stateBytes = 0;
            for (const step of steps) {
                emulator.clearCalls();
                const started = performance.now();
                await life.step(step);
                seconds[step] = (performance.now() - started) / 1000;
                calls[step] = emulator.countCalls();
                if (step === "up") stateBytes = life.stateBytes;
            }
            return { seconds: seconds as Lived["seconds"], calls: calls as Lived["calls"], stateBytes };
        } finally {
            await emulator.stop();
        }
    });
}

/** Does something in an empty folder that goes away afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-bench-"));
    try {
        return await work(folder);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/**
 * How long so many calls take where the API allows five a minute, in minutes: by the emulator's limiter, on a clock
 * that is moved on instead of waiting.
 */
export function minutesAtFiveAMinute(calls: number): number {
    const limiter = new RateLimiter();
    let now = 0;
    for (let call = 0; call < calls; call++) {
        const waitMs = limiter.pass({ calls: 5, perSeconds: 60 }, now);
        if (waitMs === 0) continue;
        now += waitMs;
        limiter.pass({ calls: 5, perSeconds: 60 }, now);
    }
    return now / 60_000;
}

/** The calls of each subject. Those of one part are the same in every round: no call depends on the time. */
export function callsSection(parts: readonly LivedPart[], others: readonly Figure[]): Section {
    const first = new Map(parts.map((part) => [part.count, part]));
    const figures = [...first.values()].flatMap(({ count, lives }) =>
        [...lives].flatMap(([subject, [lived]]) =>
            steps.map((step) => callsFigure(subject, count, step, lived?.calls[step] ?? Number.NaN)),
        ),
    );
    return { title: "Calls", figures: [...figures, ...others] };
}

export function callsFigure(subject: string, count: number, step: string, calls: number): Figure {
    return {
        name: `${subject}, ${count} webhooks, ${step}`,
        unit: "calls",
        values: [calls],
        of: { subject, count, step, minutesAtFiveAMinute: minutesAtFiveAMinute(calls) },
    };
}

/** The seconds of each subject, and what this package adds to a provider of the same front that does nothing. */
export function overheadSection(parts: readonly LivedPart[]): Section {
    const figures = parts.flatMap((part) => [
        ...[...part.lives].flatMap(([subject, lives]) => [
            ...steps.map((step): Figure => {
                const of = { subject, count: part.count, latencyMs: part.latencyMs, step };
                return { name: nameOf(of), unit: "s", values: lives.map(({ seconds }) => seconds[step]), of };
            }),
        ]),
        ...(["dynamic", "plugin"] as const).flatMap((front) => overheadOf(part, front)),
    ]);
    return {
        title: "Overhead",
        notes: [
            "An overhead is the time over that of a provider of the same front that does nothing and calls nothing, in " +
                "the same round, after the time has been taken off that the calls need at " +
                `${parallelism} at a time.`,
        ],
        figures,
    };
}

function overheadOf(part: LivedPart, front: "dynamic" | "plugin"): readonly Figure[] {
    const [own, floor] = [part.lives.get(front) ?? [], part.lives.get(`null ${front}`) ?? []];
    return steps.map((step): Figure => {
        const seconds = own.map((lived) => lived.seconds[step] - networkSeconds(lived.calls[step], part.latencyMs));
        const saved = part.skipCheckpoints === true ? "once" : "at each step";
        const of = { front, count: part.count, latencyMs: part.latencyMs, step, overhead: front, saved };
        return {
            name: `overhead: ${nameOf({ ...of, subject: front })}`,
            unit: "ratio",
            values: ratios(
                seconds,
                floor.map((lived) => lived.seconds[step]),
            ),
            goal: { atMost: 1.03 },
            of,
        };
    });
}

/** `/list` comes first, and the rest in parallel. */
function networkSeconds(calls: number, latencyMs: number): number {
    return (Math.min(calls, 1) + Math.ceil(Math.max(0, calls - 1) / parallelism)) * (latencyMs / 1000);
}

const nameOf = ({ subject, count, latencyMs, step }: Readonly<Record<string, string | number>>): string =>
    `${subject}, ${count} webhooks, ${latencyMs} ms a call, ${step}`;

/** The bytes of the state for each webhook. */
export function stateSection(parts: readonly LivedPart[]): Section {
    const largest = parts.reduce((one, other) => (other.count > one.count ? other : one));
    return {
        title: "State",
        notes: ["The whole state over the number of webhooks, the engine's stack traces included."],
        figures: [...largest.lives].map(
            ([subject, lives]): Figure => ({
                name: `${subject}, ${largest.count} webhooks`,
                unit: "bytes a webhook",
                values: [median(lives.map(({ stateBytes }) => stateBytes)) / largest.count],
                of: { subject, count: largest.count },
            }),
        ),
    };
}
