import { spawn } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished, vi } from "vitest";

/** A temporary folder with programs of the test's own on PATH, and nothing else on it. */
export class TestMachine {
    readonly folder = mkdtempSync(join(tmpdir(), "captions-scripts-"));
    readonly bin = this.path("bin");
    readonly env: NodeJS.ProcessEnv = {
        PATH: this.bin,
        HOME: this.path("home"),
        TMPDIR: this.path("tmp"),
        PULUMI_CAPTIONS_CACHE: this.path("cache"),
        PULUMI_CAPTIONS_DOWNLOAD: "never",
    };

    constructor() {
        for (const name of ["bin", "home", "tmp"]) mkdirSync(this.path(name));
        onTestFinished(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 }));
    }

    path(...names: string[]): string {
        return join(this.folder, ...names);
    }

    write(name: string, text: string): string {
        const path = this.path(name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        return path;
    }

    /** A program written in JavaScript (`args` are its arguments, `note` appends to the machine's notes). */
    program(name: string, code: string): string {
        const path = this.write(name, `#!${process.execPath}\n${this.prelude}${code}\n`);
        chmodSync(path, 0o755);
        return path;
    }

    /** What the machine's programs noted, one entry a line. The file is there a moment before its first line is. */
    get notes(): string[] {
        const path = this.path("notes");
        return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
    }

    /** The paths, below a folder, of everything that is there. */
    list(name: string): string[] {
        return existsSync(this.path(name)) ? readdirSync(this.path(name)).sort() : [];
    }

    /** Makes a lock or a folder look as if who made it had been killed a while ago. */
    age(path: string): void {
        const hourAgo = new Date(Date.now() - 3_600_000);
        utimesSync(path, hourAgo, hourAgo);
    }

    /** Sets when a file was last changed. */
    setTime(name: string, time: Date): void {
        utimesSync(this.path(name), time, time);
    }

    /** Starts a program of ours; `output` grows while it runs. */
    start(command: string, args: string[], env: NodeJS.ProcessEnv = this.env) {
        const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
        const process = { child, output: "", ended: Promise.resolve<number | null>(null) };
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (text: string) => {
                process.output += text;
            });
        }
        process.ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
        return process;
    }

    private get prelude(): string {
        return `
            const fs = require("node:fs");
            const path = require("node:path");
            const args = process.argv.slice(2);
            const folder = ${JSON.stringify(this.folder)};
            const note = (text) => fs.appendFileSync(path.join(folder, "notes"), text + "\\n");
            const waitFor = (name) => new Promise((resolve) => {
                const timer = setInterval(() => {
                    if (!fs.existsSync(folder)) process.exit();
                    if (fs.existsSync(path.join(folder, name))) resolve(clearInterval(timer));
                }, 10);
            });
        `;
    }
}

/** Waits until something is so. */
export async function until(condition: () => boolean): Promise<void> {
    await vi.waitUntil(condition, { timeout: 20_000, interval: 10 });
}
