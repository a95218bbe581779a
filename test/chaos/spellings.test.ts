import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Behaviour } from "../../emulator";
import type { WebhookInputs } from "../../provider/lifecycle";
import { sameEvents, sameUrl } from "../../provider/lifecycle/same";
import { create, startAccount } from "../support/account";
import { LoneWebhook } from "../support/lone-webhook";

/**
 * Histories of one webhook whose URLs differ in their spelling only, at APIs that show one spelling for several: what
 * the API has in the end is told by what the emulator has stored, and not by what it shows.
 */

const urls = [
    "https://api.example.com/Hooks",
    "https://api.example.com/hooks",
    "https://api.example.com/hooks/",
    "https://API.example.com/a%7eb",
    "https://api.example.com/other",
];
const eventSets = [["creator.success"], ["creator.failure"], ["creator.success", "creator.failure"]];
/** These show the same for URLs that lead to several places. */
const hiding: readonly Behaviour["urlForm"][] = ["lower-case", "trailing-slash", "no-trailing-slash"];

const wanted = fc.record<WebhookInputs>({
    url: fc.constantFrom(...urls),
    enabledEvents: fc.constantFrom(...eventSets),
    rotateWhenChanged: fc.constantFrom(undefined, { round: "1" }, { round: "2" }),
});

const step = fc.oneof(
    { weight: 2, arbitrary: fc.constant({ kind: "refresh" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "rotate" as const }) },
    {
        weight: 6,
        arbitrary: fc.record({
            kind: fc.constant("up" as const),
            // Undefined: the program is as it was.
            wanted: fc.option(wanted, { nil: undefined }),
            fault: fc.option(
                fc.constantFrom(
                    "lost-request" as const,
                    "lost-answer" as const,
                    "masked-secret" as const,
                    "error-after" as const,
                ),
                { nil: undefined },
            ),
            listFails: fc.boolean(),
            ignores: fc.option(fc.constantFrom("url" as const, "enabledEvents" as const), { nil: undefined, freq: 2 }),
        }),
    },
);

const history = fc.record({
    behaviour: fc.record({
        urlForm: fc.constantFrom("as-sent" as const, "normalised" as const, "percent-encoded" as const, ...hiding),
        eventOrder: fc.constantFrom("as-sent" as const, "reversed" as const, "doubled" as const),
        listLagMs: fc.constantFrom(0, 15),
    }),
    declared: wanted,
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    refreshes: fc.boolean(),
});

async function play({
    behaviour,
    declared,
    steps,
    refreshes,
}: typeof history extends fc.Arbitrary<infer T> ? T : never) {
    const { emulator, run } = await startAccount(behaviour);
    try {
        const quick = { listLagMs: 25, firstBackoffMs: 1, callTimeoutMs: 2_000 };
        const webhook = new LoneWebhook(() => run(quick), await create(run(quick), declared));
        const stored = () => emulator.webhooks[0] ?? { id: "gone", url: "", secret: "", enabledEvents: [] };
        const isThere = ({ url, enabledEvents }: WebhookInputs) =>
            sameUrl(stored().url, url) && sameEvents(stored().enabledEvents, enabledEvents);
        // An API that shows one spelling for several hides which of them it has left; and what is ignored twice is
        // believed.
        const ignored = new Set<string>(
            hiding.includes(behaviour.urlForm) || steps.some(({ kind }) => kind === "rotate") ? ["url"] : [],
        );
        let program = declared;
        for (const step of steps) {
            if (step.kind === "refresh") await webhook.refresh().catch(() => undefined);
            else if (step.kind === "rotate") {
                // Where one spelling is shown for several, such a secret passes for that of an /update that got lost.
                if (hiding.includes(behaviour.urlForm)) continue;
                emulator.rotate(stored().id);
                // Nobody can know of what no list shows yet.
                await delay(behaviour.listLagMs);
            } else {
                const before = program;
                program = step.wanted ?? program;
                if (step.fault !== undefined) emulator.inject({ endpoint: "update", kind: step.fault });
                if (step.fault !== undefined && step.listFails)
                    emulator.inject({ endpoint: "list", kind: "error-before", times: 20 });
                const ignores = step.ignores === undefined || ignored.has(step.ignores) ? [] : [step.ignores];
                for (const field of ignores) ignored.add(field);
                emulator.behave({ ignoredFields: ignores });
                const calls = emulator.countCalls("update");
                const needsNone = program === before && webhook.isWhole && isThere(program);
                await webhook.up(program);
                emulator.clearFaults();
                emulator.behave({ ignoredFields: [] });
                if (needsNone) expect(emulator.countCalls("update"), "nothing is rotated without a reason").toBe(calls);
            }
        }
        const results: string[] = [];
        for (let round = 0; round < 4; round++) {
            if (refreshes) await webhook.refresh();
            results.push(await webhook.up(program));
        }
        expect(results.at(-1), `${results}`).toBe("same");
        // A rotation elsewhere that no refresh has seen yet.
        await webhook.refresh();
        expect(await webhook.up(program)).toBe("same");
        expect(webhook.saved.secret).toBe(stored().secret);
        expect(
            isThere(program),
            `${stored().url} ${stored().enabledEvents}, not ${program.url} ${program.enabledEvents}`,
        ).toBe(true);
    } finally {
        await emulator.stop();
    }
}

const runs = Number(process.env.CHAOS_RUNS ?? 400);
const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31 - 1));

test(`${runs} histories of one webhook end with the URL that is declared, in its spelling, and its secret`, {
    timeout: 300_000,
}, async () => {
    await fc.assert(fc.asyncProperty(history, play), { numRuns: runs, seed });
});
