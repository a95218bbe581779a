// Makes a picture of what a command shows on a terminal, up to a line that begins with a text, if one is given:
//     script -qec "npm start" /dev/null | npx tsx demos/pictures/terminal.ts docs/start.png "npm start" "6. "
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { standardErrorReporter } from "../../engine/progress";
import { findOrInstallBrowser } from "../../test/prerequisites/browser";

/** What readers of the README see is scaled to about 850 pixels. */
const widthInPixels = 960;

async function main(file = "", command = "", end?: string): Promise<void> {
    if (file === "" || command === "") {
        throw new Error("Usage: terminal.ts <file> <command> [end], with its output as input");
    }
    const page = pageOf(command, htmlOf(await text(process.stdin), end), end !== undefined);
    const executablePath = await findOrInstallBrowser(standardErrorReporter());
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
        const tab = await browser.newPage({ viewport: { width: widthInPixels, height: 200 } });
        await tab.setContent(page);
        await tab.locator("main").screenshot({ path: file, omitBackground: true });
    } finally {
        await browser.close();
    }
}

/** The styles that the colour codes of this repository's commands mean (ECMA-48, 8.3.117, SGR). */
const classes: Readonly<Record<string, string>> = {
    1: "bold",
    2: "dim",
    4: "underline",
    31: "red",
    32: "green",
    33: "yellow",
    36: "cyan",
};
const endsOf: Readonly<Record<string, readonly string[]>> = {
    22: ["bold", "dim"],
    24: ["underline"],
    39: ["red", "green", "yellow", "cyan"],
};

/** A code that changes the style, or does something else, such as moving the cursor. */
const code = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;?]*[A-Za-z])`);

function htmlOf(output: string, end: string | undefined): string {
    const styles = new Set<string>();
    // A line that was written over and over (after \r) is shown as it was at last; npm's own two lines are left out.
    const lines = output
        .replaceAll("\r\n", "\n")
        .split("\n")
        .map((line) => line.slice(line.lastIndexOf("\r") + 1))
        .filter((line) => !/^> (pulumi-captions@|node )|^(Built|Installed) the package/.test(line));
    const last = end === undefined ? -1 : lines.findIndex((line) => plain(line).startsWith(end));
    if (end !== undefined && last < 0) throw new Error(`No line begins with "${end}".`);
    return (last < 0 ? lines : lines.slice(0, last + 1))
        .join("\n")
        .trim()
        .split(code)
        .map((part) => {
            if (!code.test(part)) return part === "" ? "" : span(part, styles);
            if (part.endsWith("m")) changeStyles(styles, part.slice(2, -1).split(";"));
            return "";
        })
        .join("");
}

function plain(line: string): string {
    return line
        .split(code)
        .filter((part) => !code.test(part))
        .join("");
}

function changeStyles(styles: Set<string>, codes: readonly string[]): void {
    for (const number of codes) {
        if (number === "" || number === "0") styles.clear();
        for (const ended of endsOf[number] ?? []) styles.delete(ended);
        const style = classes[number];
        if (style !== undefined) styles.add(style);
    }
}

function span(content: string, styles: ReadonlySet<string>): string {
    const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return styles.size === 0 ? escaped : `<span class="${[...styles].join(" ")}">${escaped}</span>`;
}

function pageOf(command: string, output: string, goesOn: boolean): string {
    return `<!doctype html>
<meta charset="utf-8">
<style>
    body { margin: 0; background: transparent; }
    main { width: ${widthInPixels}px; border-radius: 10px; overflow: hidden; background: #161b22; }
    header { display: flex; align-items: center; gap: 8px; height: 34px; padding: 0 14px; background: #262c36; }
    header i { width: 12px; height: 12px; border-radius: 50%; }
    pre { margin: 0; padding: 14px 20px 18px; white-space: pre-wrap; overflow-wrap: anywhere; color: #d5dbe3;
        font: 13px/1.42 "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    .goes-on { mask-image: linear-gradient(to bottom, black calc(100% - 90px), transparent calc(100% - 18px)); }
    .prompt { color: #7ee787; }
    .bold { font-weight: 700; color: #ffffff; }
    .dim { color: #8b949e; }
    .underline { text-decoration: underline; }
    .red { color: #ff7b72; }
    .green { color: #7ee787; }
    .yellow { color: #e3b341; }
    .cyan { color: #79c0ff; }
</style>
<main>
    <header><i style="background: #ff5f57"></i><i style="background: #febc2e"></i><i style="background: #28c840"></i></header>
    <pre class="${goesOn ? "goes-on" : ""}"><span class="prompt">$</span> <span class="bold">${command}</span>\n\n${output}</pre>
</main>`;
}

main(...process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
