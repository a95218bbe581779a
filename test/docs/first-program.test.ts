import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { engineEnvironment, ensureEngine } from "../../engine";
import { unusedPort } from "../support/ports";

const root = join(__dirname, "../..");

/** A block of the page, by what its reader does with it. */
type Step =
    | { readonly does: "creates a file"; readonly file: string; readonly text: string }
    | { readonly does: "types"; readonly text: string; readonly inAnotherTerminal: boolean }
    | { readonly does: "reads"; readonly text: string };

function stepsOf(page: string): Step[] {
    return [...page.matchAll(/(.*?)^```(\w+)\n(.*?)^```$/gms)].map(([, before = "", language, text = ""]) => {
        if (language === "text") return { does: "reads", text };
        const sentence = before.trim().split("\n\n").at(-1) ?? "";
        if (language === "sh") return { does: "types", text, inAnotherTerminal: sentence.includes("another terminal") };
        const file = /^`(\S+)`:$/m.exec(sentence)?.[1];
        if (file === undefined) throw new Error(`No file is named for:\n${text}`);
        return { does: "creates a file", file, text };
    });
}

/** A new user's machine: an empty folder, and a clone of this repository in which `npm pack` works. */
class Reader {
    readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "pulumi-captions-first-")));
    /** All that has stood on the screens of all terminals. */
    screen = "";
    readonly #bin = join(this.folder, "bin");
    /** What the first terminal has exported, and the folder that it is in. */
    readonly #session = join(this.folder, "session.sh");
    readonly #env: NodeJS.ProcessEnv;
    readonly #others: ChildProcess[] = [];

    static async start(): Promise<Reader> {
        return new Reader(await ensureEngine({ log: () => undefined }));
    }

    private constructor(engine: Awaited<ReturnType<typeof ensureEngine>>) {
        onTestFinished(async () => {
            for (const child of this.#others) {
                const ended = once(child, "close");
                process.kill(-(child.pid ?? 0), "SIGKILL");
                await ended;
            }
            rmSync(this.folder, { recursive: true, force: true });
        });
        const { PULUMI_BACKEND_URL: _, PULUMI_CONFIG_PASSPHRASE: __, ...env } = engineEnvironment(engine, this.folder);
        this.#env = {
            ...env,
            PATH: [this.#bin, env.PATH].join(delimiter),
            HOME: this.folder,
            PULUMI_HOME: this.folder,
        };
        mkdirSync(this.#bin);
        mkdirSync(join(this.folder, "pulumi-captions"));
        writeFileSync(join(this.#bin, "npm"), this.#npm(), { mode: 0o755 });
        copyFileSync(inject("tarball"), join(this.folder, basename(inject("tarball"))));
        writeFileSync(this.#session, `cd ${this.folder}\n`);
    }

    create(file: string, text: string): void {
        writeFileSync(join(this.#cwd, file), text);
    }

    /** Types into the first terminal, and waits for the end of it. */
    async type(text: string): Promise<void> {
        const session = `. ${this.#session}\nset -e\n${text}\n{ export -p; echo "cd $PWD"; } > ${this.#session}\n`;
        const child = this.#bash(session, this.folder);
        const [code] = await once(child, "close");
        expect(code, `${text}\n${this.screen}`).toBe(0);
    }

    /** Types into a terminal of its own, which knows nothing of what the first one has exported. */
    typeElsewhere(text: string): void {
        this.#others.push(this.#bash(text, this.#cwd));
    }

    async reads(text: string): Promise<void> {
        for (const line of text.trim().split("\n")) {
            const parts = line
                .trim()
                .split("…")
                .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
            const pattern = new RegExp(parts.join("\\S+"));
            await vi.waitUntil(() => pattern.test(this.screen), { timeout: 60_000 }).catch(() => undefined);
            expect(this.screen).toMatch(pattern);
        }
    }

    get #cwd(): string {
        return /^cd (.*)$/m.exec(readFileSync(this.#session, "utf8"))?.[1] ?? this.folder;
    }

    #bash(text: string, cwd: string): ChildProcess {
        // A process group, so that it can be ended together with what it runs.
        const child = spawn("bash", ["-c", text], {
            cwd,
            env: this.#env,
            stdio: ["ignore", "pipe", "pipe"],
            detached: true,
        });
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (part: string) => {
                this.screen += part;
            });
        }
        return child;
    }

    /**
     * What npm does here, without a network: packs what was packed for all tests, and unpacks the tarball that it is
     * given.
     */
    #npm(): string {
        return `#!/bin/bash
set -e
case "$1" in
pack) [ "$PWD" = "${this.folder}/pulumi-captions" ] && cp "${inject("tarball")}" . ;;
install)
    [[ "$2" = *.tgz && -f "$2" && "$3" = @pulumi/pulumi && -f package.json ]]
    mkdir -p node_modules/pulumi-captions node_modules/.bin
    tar -xzf "$2" -C node_modules/pulumi-captions --strip-components=1
    for entry in "${dirname(join(inject("nodeModules"), "pulumi-captions"))}"/*; do
        [ "\${entry##*/}" = pulumi-captions ] || ln -s "$entry" node_modules/
    done
    chmod +x node_modules/pulumi-captions/dist/cli/main.js
    ln -s ../pulumi-captions/dist/cli/main.js node_modules/.bin/pulumi-captions ;;
*) exit 1 ;;
esac
`;
    }
}

test.skipIf(process.platform === "win32")(
    "docs/first-program.md leads from an empty folder to the first delivery, step by step",
    { timeout: 240_000 },
    async () => {
        const ports = { 3000: await unusedPort(), 4010: await unusedPort() };
        const page = readFileSync(join(root, "docs/first-program.md"), "utf8").replaceAll(/\b(3000|4010)\b/g, (port) =>
            String(ports[Number(port) as keyof typeof ports]),
        );
        const steps = stepsOf(page);
        expect(new Set(steps.map(({ does }) => does))).toEqual(new Set(["creates a file", "types", "reads"]));
        const reader = await Reader.start();
        for (const step of steps) {
            if (step.does === "creates a file") reader.create(step.file, step.text);
            else if (step.does === "reads") await reader.reads(step.text);
            else if (step.inAnotherTerminal) reader.typeElsewhere(step.text);
            else await reader.type(step.text);
        }
        await reader.type("pulumi destroy --yes");
    },
);
