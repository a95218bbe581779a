// `npm run demo:rotation`: secrets are rotated while thousands of events go on, on the real Pulumi engine, in several
// ways beside each other, and what became of every delivery is counted. Ends with code 0 only if everything is as the
// README says.
import { dirname, join } from "node:path";
import { parseArgs, styleText } from "node:util";
import {
    type Claim,
    claimsOfAny,
    claimsOfDroppedEarly,
    claimsOfInPlace,
    claimsOfReplacedAfterwards,
    claimsOfReplacedAtOnce,
    claimsOfReplacedInTurn,
    claimsOfRotating,
} from "./claims";
import { type Proof, prove } from "./proof";
import type { Tally } from "./tally";

const nodeModules = join(dirname(dirname(__dirname)), "node_modules");
const rotations = 3;

type Style = Parameters<typeof styleText>[0];
const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text);

const usage = `Usage: npm run demo:rotation [-- --events <number> --rate <number>]

Rotates the secrets of webhooks while deliveries go on, and counts what becomes of each.

  --events <number>   how many events there are at least (default: 10000)
  --rate <number>     how many of them in a second (default: 100)
`;

async function main(signal: AbortSignal): Promise<void> {
    const { values } = parseArgs({
        options: {
            events: { type: "string", default: "10000" },
            rate: { type: "string", default: "100" },
            help: { type: "boolean", short: "h", default: false },
        },
    });
    if (values.help) {
        console.log(usage);
        return;
    }
    const [events, rate] = [wholeNumber("events", values.events, 1e6), wholeNumber("rate", values.rate, 1000)];
    console.log(paint("bold", "pulumi-captions: rotating the secrets of webhooks while deliveries go on\n"));
    say("Two services have a RotatingWebhook each. Another one drops the old generation of its own too early,");
    say("in the same `up` that registers the next. Two others get the same events from webhooks that are");
    say("rotated in place, and three more from webhooks that are replaced, and know one secret at a time:");
    say("one gets it in the same program and switches at once, one in the same program has three instances");
    say("that switch one after another, and one takes the stack's output afterwards.");
    say("All secrets are rotated three times, and each delivery is sent only once.");
    say("Everything is real but Captions, which the emulator plays: Pulumi's engine, HTTP, the receivers.\n");
    const proof = await prove({ events, rate, rotations, nodeModules, signal, say });
    console.log(`\n${paint("bold", "What became of every delivery")}\n\n${table(proof)}\n`);
    const expected = { events, rotations };
    const tallies = columns(proof).map(([, tally]) => tally);
    const claims: [string, Claim[]][] = [
        ["Every way", claimsOfAny(tallies, expected)],
        ["RotatingWebhook", claimsOfRotating(proof.rotating, expected)],
        ["Dropped too early", claimsOfDroppedEarly(proof.droppedEarly, proof.refusals, expected)],
        ["Replaced, a receiver that switches at once", claimsOfReplacedAtOnce(proof.replacedAtOnce, expected)],
        ["Replaced, instances in turn", claimsOfReplacedInTurn(proof.replacedInTurn, expected)],
        ["Replaced, deployed afterwards", claimsOfReplacedAfterwards(proof.replacedAfterwards, expected)],
        ["In place", claimsOfInPlace(proof.inPlace, expected)],
    ];
    for (const [way, ofThisWay] of claims) {
        for (const { text, holds } of ofThisWay) {
            say(`${holds ? paint("green", "✓") : paint("red", "✗ NOT SO:")} ${way}: ${text}`);
        }
    }
    for (const problem of tallies.flatMap(({ problems }) => problems).slice(0, 5)) say(problem);
    const isAsClaimed = claims.flatMap(([, ofThisWay]) => ofThisWay).every(({ holds }) => holds);
    const seconds = `${proof.seconds} s`;
    const verdict = isAsClaimed
        ? `${paint(["green", "bold"], `All checks passed in ${seconds}.`)} Why: docs/rotation.md.`
        : paint(["red", "bold"], `Not all checks passed, in ${seconds}.`);
    console.log(`\n${verdict}`);
    process.exitCode = isAsClaimed ? 0 : 1;
}

function say(text: string): void {
    const isTitle = text.startsWith("Rotation");
    console.log(`   ${isTitle ? paint("cyan", text) : text.replace(/^.*│/, (head) => paint("dim", head))}`);
}

function columns(proof: Proof): [string, Tally][] {
    return [
        ["Rotating", proof.rotating],
        ["too early", proof.droppedEarly],
        ["at once", proof.replacedAtOnce],
        ["in turn", proof.replacedInTurn],
        ["later", proof.replacedAfterwards],
        ["in place", proof.inPlace],
    ];
}

function table(proof: Proof): string {
    const rows: [string, (tally: Tally) => number][] = [
        ["Services", ({ receivers }) => receivers],
        ["Events, each for every service", ({ events }) => events],
        ["Deliveries", ({ deliveries }) => deliveries],
        ["  accepted and handed on", ({ handedOn }) => handedOn],
        ["  repeats: answered 200, not handed on", ({ repeats }) => repeats],
        ["  rejected copies: the other one arrived", ({ refusedCopies }) => refusedCopies],
        ["  rejected, and none arrived", ({ refusedOfLost }) => refusedOfLost],
        ["LOST", ({ lost }) => lost],
        ["Handed on twice", ({ handedOnTwice }) => handedOnTwice],
    ];
    const line = (name: string, figures: readonly string[]): string =>
        `   ${name.padEnd(40)}${figures.map((figure) => figure.padStart(10)).join("")}`;
    const lines = rows.map(([name, figure]) => {
        const figures = columns(proof).map(([, tally]) => figure(tally).toLocaleString("en-US"));
        return name === "LOST" ? paint("bold", line(name, figures)) : line(name, figures);
    });
    const names = columns(proof).map(([name]) => name);
    return [
        paint("dim", line("", ["", "", "──────── ", " replaced ", "─────────"])),
        paint("dim", line("", names)),
        ...lines,
    ].join("\n");
}

function wholeNumber(name: string, text: string, most: number): number {
    const value = Number(text.replaceAll(",", ""));
    if (Number.isInteger(value) && value > 0 && value <= most) return value;
    throw new Error(`--${name} takes a whole number from 1 to ${most}, not "${text}".\n\n${usage}`);
}

const stopping = new AbortController();
// A second Ctrl-C ends it at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort(new Error("Stopped.")));
main(stopping.signal).catch((error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = stopping.signal.aborted ? 130 : 1;
});
