import { describe, expect, it } from "vitest";
import { TestMachine } from "../support/machine";
import { findBrowser, findOrInstallBrowser, type Machine } from "./browser";

const silent = { log: () => undefined };

function linux(machine: TestMachine, more: NodeJS.ProcessEnv = {}): Machine {
    return { env: { ...machine.env, ...more }, platform: "linux", root: machine.folder, userId: 1000 };
}

const chrome = (machine: TestMachine, name: string) => machine.program(name, 'console.log("Chromium 140.0.7339.80")');

describe.skipIf(process.platform === "win32")("findBrowser", () => {
    it("takes the one that CHROMIUM_PATH names, before any other", async () => {
        const machine = new TestMachine();
        chrome(machine, "bin/google-chrome");
        const named = chrome(machine, "elsewhere/chrome");
        expect(await findBrowser(linux(machine, { CHROMIUM_PATH: named }))).toBe(named);
    });

    it("refuses a CHROMIUM_PATH that names none, rather than taking another one", async () => {
        const machine = new TestMachine();
        chrome(machine, "bin/google-chrome");
        const missing = machine.path("missing");
        await expect(findBrowser(linux(machine, { CHROMIUM_PATH: missing }))).rejects.toThrow(
            /CHROMIUM_PATH names .*missing, which isn't there/,
        );
    });

    it("passes over one on PATH that only says it wants to be a snap", async () => {
        const machine = new TestMachine();
        machine.program("bin/chromium-browser", 'console.log("requires the chromium snap"); process.exitCode = 1;');
        expect(await findBrowser(linux(machine))).toBeUndefined();
        const usual = chrome(machine, "opt/google/chrome/chrome");
        expect(await findBrowser(linux(machine))).toBe(usual);
    });

    it("takes the newest of Playwright's when there is no other", async () => {
        const machine = new TestMachine();
        chrome(machine, "home/.cache/ms-playwright/chromium-999/chrome-linux/chrome");
        const newest = chrome(machine, "home/.cache/ms-playwright/chromium-1200/chrome-linux64/chrome");
        expect(await findBrowser(linux(machine))).toBe(newest);
        const named = chrome(machine, "browsers/chromium_headless_shell-1100/chrome-linux/headless_shell");
        const env = { PLAYWRIGHT_BROWSERS_PATH: machine.path("browsers") };
        expect(await findBrowser(linux(machine, env))).toBe(named);
    });

    it("looks at the usual places of macOS and Windows", async () => {
        const machine = new TestMachine();
        const onMac = chrome(machine, "Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        expect(await findBrowser({ ...linux(machine), platform: "darwin" })).toBe(onMac);
        const onWindows = machine.program("Programs/Google/Chrome/Application/chrome.exe", "throw 1");
        const env = { ...machine.env, PROGRAMFILES: machine.path("Programs") };
        expect(await findBrowser({ ...linux(machine), platform: "win32", env })).toBe(onWindows);
    });
});

describe.skipIf(process.platform === "win32")("findOrInstallBrowser", () => {
    const cached = 'console.log(args[0] === "policy" ? "  Candidate: 140.0-1" : "")';

    it("installs Debian's as root, with new package lists when the old ones are out of date", async () => {
        const machine = new TestMachine();
        machine.program("bin/apt-cache", cached);
        machine.program(
            "bin/apt-get",
            `note("apt-get " + args[0]);
            if (args[0] === "install") {
                if (!fs.existsSync(path.join(folder, "fresh"))) process.exit(100);
                const chromium = path.join(folder, "bin/chromium");
                fs.writeFileSync(chromium, "#!" + process.execPath + "\\nconsole.log('140.0.1')", { mode: 0o755 });
            } else fs.writeFileSync(path.join(folder, "fresh"), "");`,
        );
        const lines: string[] = [];
        const reporter = { log: (line: string) => lines.push(line) };
        const root = { ...linux(machine), userId: 0 };
        expect(await findOrInstallBrowser(reporter, root)).toBe(machine.path("bin/chromium"));
        expect(machine.notes).toEqual(["apt-get install", "apt-get update", "apt-get install"]);
        expect(lines).toEqual([expect.stringContaining("Installing Debian's chromium")]);
        expect(await findOrInstallBrowser(reporter, root)).toBe(machine.path("bin/chromium"));
        expect(machine.notes).toHaveLength(3);
    });

    it("says what was tried and what to do when none can be had", async () => {
        const machine = new TestMachine();
        machine.program("bin/apt-cache", cached);
        machine.program("bin/apt-get", 'note("apt-get")');
        const env = { PLAYWRIGHT_DOWNLOAD_HOST: "http://127.0.0.1:1" };
        const error = await findOrInstallBrowser(silent, linux(machine, env)).catch((error: Error) => error);
        expect(error).toMatchObject({ name: "BrowserError" });
        const { message } = error as Error;
        expect(message).toMatch(/- Debian's chromium: only root may install it/);
        expect(message).toMatch(/- Playwright's Chromium: /);
        expect(message).toMatch(/CHROMIUM_PATH\.$/);
        expect(machine.notes).toEqual([]);
    }, 60_000);
});
