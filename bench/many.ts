// Very many webhooks: where the engine saves its whole state after each step of a run, the time grows with the square
// of their number. What helps: to save once a run, and several stacks side by side.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startEmulator } from "../emulator";
import { inFolder } from "./lives";
import { type Figure, type Report, ratios, type Section } from "./measure";
import type { Subject } from "./subjects";

const latencyMs = 20;
const stacks = 4;

export interface Many {
    /** This package, on both fronts. */
    readonly own: readonly Subject[];
    /** This package, declared so that Pulumi has less to do. */
    readonly faster: readonly Subject[];
    readonly openTofu: Subject | undefined;
    /** How many webhooks, and how often; OpenTofu creates the first of these, and this package has to be sooner. */
    readonly parts: readonly { readonly count: number; readonly rounds: number }[];
}

export async function measureMany({ own, faster, openTofu, parts }: Many, report: Report): Promise<Section> {
    const [firstPart] = parts;
    if (firstPart === undefined) throw new Error("How many?");
    const first = firstPart.count;
    const seconds = new Map<string, number[]>();
    const note = (name: string, value: number): void => {
        seconds.set(name, [...(seconds.get(name) ?? []), value]);
    };
    for (let round = 0; round < Math.max(...parts.map(({ rounds }) => rounds)); round++) {
        for (const { count } of parts.filter(({ rounds }) => round < rounds)) {
            for (const subject of [...own, ...faster]) {
                report(`${count} webhooks, saved once: ${subject.name}, round ${round + 1}`);
                note(`${subject.name}, ${count}, saved once`, await create(subject, count, true));
            }
        }
        for (const subject of own) {
            report(`${first} webhooks in ${stacks} stacks: ${subject.name}, round ${round + 1}`);
            note(`${subject.name}, ${first} in ${stacks} stacks`, await createInStacks(subject, first));
        }
        if (openTofu === undefined) continue;
        report(`${first} webhooks: ${openTofu.name}, round ${round + 1}`);
        note(`${openTofu.name}, ${first}`, await create(openTofu, first, false));
    }
    const tofu = seconds.get(`${openTofu?.name}, ${first}`);
    const compared = [...own, ...faster].map(
        ({ name }): Figure => ({
            name: `${name}, ${first}, saved once, over OpenTofu`,
            unit: "ratio",
            values: ratios(seconds.get(`${name}, ${first}, saved once`) ?? [], tofu ?? []),
            goal: { atMost: 1 },
            of: { subject: name, count: first, many: "over OpenTofu" },
        }),
    );
    return {
        title: "Many",
        notes: [
            `Seconds of the first \`up\`, ${latencyMs} ms a call. "Saved once" is with PULUMI_SKIP_CHECKPOINTS=true, with which ` +
                "Pulumi saves the state at the end of a run only.",
        ],
        figures: [
            ...[...seconds].map(([name, values]): Figure => ({ name, unit: "s", values, of: { many: name } })),
            ...(tofu === undefined ? [] : compared),
        ],
    };
}

async function create(subject: Subject, count: number, skipCheckpoints: boolean): Promise<number> {
    return await inFolder(async (folder) => {
        const emulator = await startEmulator({ behaviour: { latencyMs } });
        try {
            const life = await subject.begin({ folder, emulator, count, skipCheckpoints });
            const started = performance.now();
            await life.step("up");
            const seconds = (performance.now() - started) / 1000;
            if (emulator.webhooks.length !== count) {
                throw new Error(`${emulator.webhooks.length} webhooks, not ${count}.`);
            }
            await life.step("destroy");
            return seconds;
        } finally {
            await emulator.stop();
        }
    });
}

/** As many, in equal parts in stacks of their own, all at the same time. */
async function createInStacks(subject: Subject, count: number): Promise<number> {
    return await inFolder(async (folder) => {
        const emulator = await startEmulator({ behaviour: { latencyMs } });
        try {
            const lives = await Promise.all(
                Array.from({ length: stacks }, (_, index) => {
                    const own = join(folder, String(index));
                    mkdirSync(own);
                    return subject.begin({ folder: own, emulator, count: count / stacks, prefix: `${index}/` });
                }),
            );
            const started = performance.now();
            await Promise.all(lives.map((life) => life.step("up")));
            const seconds = (performance.now() - started) / 1000;
            await Promise.all(lives.map((life) => life.step("destroy")));
            return seconds;
        } finally {
            await emulator.stop();
        }
    });
}
