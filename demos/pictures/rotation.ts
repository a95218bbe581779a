// Draws docs/rotation.png, the time-line of a rotation in each of the three ways: `npx tsx demos/pictures/rotation.ts
// [file]`.
import { chromium } from "playwright-core";
import { standardErrorReporter } from "../../engine/progress";
import { findOrInstallBrowser } from "../../test/prerequisites/browser";

const width = 1000;
const left = 196;
const right = 968;
/** When, in parts of the time-line: the next secret comes, the receivers have it, the old webhook goes. */
const comes = 6 / 22;
const taken = 11 / 22;
const goes = 16 / 22;

const colours = {
    old: "#3b6fd4",
    oldPale: "#dce8fd",
    new: "#1a8754",
    newPale: "#d3f0e0",
    lost: "#d1242f",
    lostPale: "#ffe3e3",
    refused: "#b06a00",
    text: "#1f2328",
    muted: "#59636e",
    line: "#d1d9e0",
};

const x = (part: number): number => Math.round(left + part * (right - left));

type Mark = "accepted" | "repeat" | "refused" | "lost" | "none";

/** Deliveries come all the time; each of these moments stands for many of them. */
const moments = Array.from({ length: 22 }, (_, index) => (index + 0.5) / 22);

function mark(kind: Mark, part: number, y: number, colour: string): string {
    const at = `cx="${x(part)}" cy="${y}" r="6.5"`;
    switch (kind) {
        case "accepted":
            return `<circle ${at} fill="${colour}"/>`;
        case "repeat":
            return `<circle ${at} fill="white" stroke="${colour}" stroke-width="2"/>
                <circle cx="${x(part)}" cy="${y}" r="2" fill="${colour}"/>`;
        case "refused":
            return `<circle ${at} fill="white" stroke="${colours.refused}" stroke-width="2" stroke-dasharray="3 2.4"/>`;
        case "lost":
            return `<path d="M${x(part) - 5.5} ${y - 5.5}l11 11m0 -11l-11 11" stroke="${colours.lost}" stroke-width="3" stroke-linecap="round"/>`;
        case "none":
            return "";
    }
}

const marks = (y: number, colour: string, kindAt: (part: number) => Mark): string =>
    moments.map((part) => mark(kindAt(part), part, y, colour)).join("");

function bar(from: number, to: number, y: number, fill: string, edge: string, height = 30): string {
    return `<rect x="${x(from)}" y="${y - height / 2}" width="${x(to) - x(from)}" height="${height}" rx="6"
        fill="${fill}" stroke="${edge}" stroke-width="1.2"/>`;
}

function label(y: number, text: string, more = ""): string {
    const second =
        more === "" ? "" : `<text x="24" y="${y + 15}" font-size="11.5" fill="${colours.muted}">${more}</text>`;
    return `<text x="24" y="${more === "" ? y + 5 : y - 1}" font-size="14" font-weight="600">${text}</text>${second}`;
}

/** A moment at which somebody does something. */
function step(part: number, top: number, bottom: number, lines: readonly string[], colour = colours.text): string {
    const texts = lines.map(
        (line, index) =>
            `<text x="${x(part)}" y="${top - 10 - 15 * (lines.length - 1 - index)}" text-anchor="middle" font-size="12.5"
                fill="${colour}" ${index === 0 ? 'font-weight="600"' : ""}>${line}</text>`,
    );
    return `<line x1="${x(part)}" x2="${x(part)}" y1="${top - 3}" y2="${bottom}" stroke="${colours.muted}" stroke-width="1.2"
        stroke-dasharray="4 3"/>${texts.join("")}`;
}

const secretsRow = (y: number, texts: readonly [from: number, to: number, text: string][]): string =>
    texts
        .map(
            ([from, to, text]) => `${bar(from + 0.003, to - 0.003, y, "#f6f8fa", colours.line, 26)}
            <text x="${(x(from) + x(from === 0 ? comes : to)) / 2}" y="${y + 4.5}" text-anchor="middle" font-size="12.5">${text}</text>`,
        )
        .join("");

const oldName = `<tspan fill="${colours.old}" font-weight="700">2026-08</tspan>`;
const newName = `<tspan fill="${colours.new}" font-weight="700">2026-11</tspan>`;

/** What becomes of an event: at first, and from each of these moments on. */
function from(first: Mark, ...later: readonly (readonly [since: number, kind: Mark])[]): (part: number) => Mark {
    return (part) => later.findLast(([since]) => part >= since)?.[1] ?? first;
}

function rotating(top: number): string {
    const rows = { old: top + 92, new: top + 134, accepts: top + 178, handed: top + 220 };
    return `
    <text x="24" y="${top}" font-size="17" font-weight="700">RotatingWebhook: the new secret comes <tspan fill="${colours.new}">beside</tspan> the old one</text>
    <rect x="${x(comes)}" y="${top + 70}" width="${x(goes) - x(comes)}" height="170" fill="#fff8e1"/>
    ${step(comes, top + 66, top + 240, ["① pulumi up", "a name is prepended"])}
    ${step(taken, top + 66, top + 240, ["② receivers are deployed", "with all secrets"])}
    ${step(goes, top + 66, top + 240, ["③ pulumi up", "the old name is dropped"])}
    ${label(rows.old, "Webhook 2026-08", "has the old secret")}
    ${bar(0, goes, rows.old, colours.oldPale, colours.old)}
    ${marks(rows.old, colours.old, (part) => (part < goes ? "accepted" : "none"))}
    ${label(rows.new, "Webhook 2026-11", "has the new secret")}
    ${bar(comes, 1, rows.new, colours.newPale, colours.new)}
    ${marks(rows.new, colours.new, from("none", [comes, "refused"], [taken, "repeat"], [goes, "accepted"]))}
    ${label(rows.accepts, "Receivers accept")}
    ${secretsRow(rows.accepts, [
        [0, taken, oldName],
        [taken, goes, `${newName}, ${oldName}`],
        [goes, 1, newName],
    ])}
    ${label(rows.handed, "Handed on", "to your code, once each")}
    ${moments.map((part) => mark("accepted", part, rows.handed, part < goes ? colours.old : colours.new)).join("")}
    <text x="${x((comes + goes) / 2)}" y="${top + 258}" text-anchor="middle" font-size="12" fill="${colours.muted}">both are registered: each event arrives twice</text>
    <text x="${right}" y="${top + 258}" text-anchor="end" font-size="13.5" font-weight="700" fill="${colours.new}">none lost</text>`;
}

function replaced(top: number): string {
    const rows = { old: top + 92, new: top + 134, accepts: top + 178, handed: top + 220 };
    return `
    <text x="24" y="${top}" font-size="17" font-weight="700">Replaced (replacementTrigger): the old secret goes <tspan fill="${colours.new}">after</tspan> the receiver has the new one</text>
    <rect x="${x(comes)}" y="${top + 70}" width="${x(goes) - x(comes)}" height="170" fill="#fff8e1"/>
    ${step(comes, top + 66, top + 240, ["① pulumi up", "registers a new webhook,"])}
    ${step(taken, top + 66, top + 240, ["in the same up", "the receiver switches,"])}
    ${step(goes, top + 66, top + 240, ["in the same up", "the old one is deleted"])}
    ${label(rows.old, "The old webhook", "has the old secret")}
    ${bar(0, goes, rows.old, colours.oldPale, colours.old)}
    ${marks(rows.old, colours.old, from("accepted", [taken, "refused"], [goes, "none"]))}
    ${label(rows.new, "The new webhook", "has the new secret")}
    ${bar(comes, 1, rows.new, colours.newPale, colours.new)}
    ${marks(rows.new, colours.new, from("none", [comes, "refused"], [taken, "accepted"]))}
    ${label(rows.accepts, "The receiver accepts")}
    ${secretsRow(rows.accepts, [
        [0, taken, `<tspan fill="${colours.old}" font-weight="700">the old secret</tspan>`],
        [taken, 1, `<tspan fill="${colours.new}" font-weight="700">the new secret</tspan>`],
    ])}
    ${label(rows.handed, "Handed on", "to your code, once each")}
    ${moments.map((part) => mark("accepted", part, rows.handed, part < taken ? colours.old : colours.new)).join("")}
    <text x="${x((comes + taken) / 2)}" y="${top + 258}" text-anchor="middle" font-size="12" fill="${colours.muted}">each event arrives twice</text>
    <text x="${right}" y="${top + 258}" text-anchor="end" font-size="13.5" font-weight="700" fill="${colours.new}">none lost, if all instances switch together</text>`;
}

function inPlace(top: number): string {
    const rows = { webhook: top + 92, accepts: top + 136, handed: top + 178 };
    return `
    <text x="24" y="${top}" font-size="17" font-weight="700">In place (rotateWhenChanged): the new secret comes <tspan fill="${colours.lost}">instead of</tspan> the old one</text>
    <rect x="${x(comes)}" y="${top + 70}" width="${x(taken) - x(comes)}" height="128" fill="${colours.lostPale}"/>
    ${step(comes, top + 66, top + 198, ["① pulumi up", "the secret is changed"])}
    ${step(taken, top + 66, top + 198, ["② receivers are deployed", "with the new secret"])}
    ${label(rows.webhook, "The webhook", "gets another secret")}
    ${bar(0, comes, rows.webhook, colours.oldPale, colours.old)}
    ${bar(comes, 1, rows.webhook, colours.newPale, colours.new)}
    ${marks(rows.webhook, colours.old, (part) => (part < comes ? "accepted" : "none"))}
    ${marks(rows.webhook, colours.new, from("none", [comes, "lost"], [taken, "accepted"]))}
    ${label(rows.accepts, "Receivers accept")}
    ${secretsRow(rows.accepts, [
        [0, taken, `<tspan fill="${colours.old}" font-weight="700">the old secret</tspan>`],
        [taken, 1, `<tspan fill="${colours.new}" font-weight="700">the new secret</tspan>`],
    ])}
    ${label(rows.handed, "Handed on", "to your code")}
    ${marks(rows.handed, colours.old, (part) => (part < comes ? "accepted" : "none"))}
    ${marks(rows.handed, colours.new, (part) => (part > taken ? "accepted" : "none"))}
    <text x="${x((comes + taken) / 2)}" y="${rows.handed + 5}" text-anchor="middle" font-size="13.5" font-weight="700" fill="${colours.lost}">lost</text>`;
}

function legend(y: number): string {
    const entries: [string, string, number][] = [
        [
            `<circle cx="0" cy="0" r="6.5" fill="${colours.old}"/><circle cx="17" cy="0" r="6.5" fill="${colours.new}"/>`,
            "accepted (200)",
            30,
        ],
        [
            `<circle cx="0" cy="0" r="6.5" fill="white" stroke="${colours.new}" stroke-width="2"/><circle cx="0" cy="0" r="2" fill="${colours.new}"/>`,
            "repeat: 200, not handed on",
            14,
        ],
        [
            `<circle cx="0" cy="0" r="6.5" fill="white" stroke="${colours.refused}" stroke-width="2" stroke-dasharray="3 2.4"/>`,
            "rejected copy (401): the other is accepted",
            14,
        ],
        [
            `<path d="M-5.5 -5.5l11 11m0 -11l-11 11" stroke="${colours.lost}" stroke-width="3" stroke-linecap="round"/>`,
            "rejected (401) and lost",
            14,
        ],
    ];
    const places = [32, 205, 437, 768];
    return entries
        .map(
            ([symbol, text, gap], index) =>
                `<g transform="translate(${places[index]} ${y})">${symbol}<text x="${gap}" y="4.5" font-size="12.5">${text}</text></g>`,
        )
        .join("");
}

const height = 914;
const picture = `<!doctype html><meta charset="utf-8"><style>body { margin: 0; }</style>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="Inter, 'DejaVu Sans', sans-serif" fill="${colours.text}">
    <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="white" stroke="${colours.line}"/>
    ${rotating(36)}
    <line x1="24" x2="${right}" y1="314" y2="314" stroke="${colours.line}"/>
    ${replaced(346)}
    <line x1="24" x2="${right}" y1="624" y2="624" stroke="${colours.line}"/>
    ${inPlace(656)}
    <line x1="24" x2="${right}" y1="870" y2="870" stroke="${colours.line}" />
    ${legend(892)}
</svg>`;

async function main(file = "docs/rotation.png"): Promise<void> {
    const executablePath = await findOrInstallBrowser(standardErrorReporter());
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
        const page = await browser.newPage({ viewport: { width, height } });
        await page.setContent(picture);
        await page.locator("svg").screenshot({ path: file, omitBackground: true });
    } finally {
        await browser.close();
    }
}

main(...process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
