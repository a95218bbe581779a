import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { isRunning } from "../../../cli/dev/processes";
import { serve } from "../../probe/support";
import { cli, leaks } from "../support";
import { Desk, packedMain, publicUrl, type Running, startGroup } from "./support";

const root = join(__dirname, "../../..");

/** For longer than a busy machine needs. */
const patient = { timeout: 30_000 };

/** The emulator that a run has started, by what it prints. */
async function pageOf(running: Running): Promise<string> {
    await running.says(/page: http:\S+\n/);
    return /page: (http:\S+)\/\n/.exec(running.text())?.[1] ?? "";
}

async function finishVideo(page: string, outcome: "success" | "failure"): Promise<void> {
    const answer = await fetch(`${page}/_emulator/videos/finish`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ outcome }),
    });
    expect(answer.status).toBe(200);
}

describe("with the emulator", () => {
    test("a video's delivery arrives with the right secret, which nobody sees", async () => {
        const desk = await Desk.open();
        const running = desk.dev(
            ["--path", "/hooks/captions", "--events", "creator.failure"],
            desk.receiver("console.log('base', process.env.CAPTIONS_BASE_URL, process.env.CAPTIONS_API_KEY);"),
        );
        const page = await pageOf(running);
        await running.says(`deliveries go to http://127.0.0.1:${desk.port}/hooks/captions\n`);
        await running.says(`the receiver listens on port ${desk.port}\n`);
        // What the user's own calls go to is the emulator, never the API that the environment names.
        await running.says(`base ${page}/api/webhooks emulator-key`);
        await finishVideo(page, "success");
        await finishVideo(page, "failure");
        await running.says("received at /hooks/captions true");
        await running.says(/delivery {2}creator.failure to wh_\w+: 200/);
        const id = /to (wh_\w+): 200/.exec(running.text())?.[1];
        const { secret } = JSON.parse(await (await fetch(`${page}/_emulator/webhooks/${id}/secret`)).text());
        running.kill("SIGINT");
        const result = await running.result;
        expect(result.code).toBe(130);
        expect(leaks(result, [secret, desk.emulator.apiKey])).toEqual([]);
        expect(result.stdout.match(/received/g)).toHaveLength(1);
        expect(desk.calls).toEqual([]);
        expect(desk.ledger).toEqual([]);
        await expect(fetch(page)).rejects.toThrow();
    });

    test("without `--`, as PowerShell hands it on, the command begins at the first word", async () => {
        const desk = await Desk.open();
        const main = [packedMain(), "dev", "--path", "/a", ...desk.receiver()];
        const running = startGroup(process.execPath, main, { env: desk.env });
        await running.says("receiver is up");
        running.kill("SIGTERM");
        expect((await running.result).code).toBe(143);
    });
});

test.skipIf(process.platform === "win32")(
    "the example of docs/command-line.md, packed and installed: to the letter, a delivery arrives",
    async () => {
        const desk = await Desk.open();
        const section = /^## dev:.*?^### /ms.exec(readFileSync(join(root, "docs/command-line.md"), "utf8"))?.[0] ?? "";
        const [, file = "", code = ""] = /`(\S+)`:\n\n```js\n(.*?)^```/ms.exec(section) ?? [];
        const [, typed = ""] = /^```sh\n(.*?)^```/ms.exec(section) ?? [];
        const [started = "", delivered = ""] = [...section.matchAll(/^```text\n(.*?)^```/gms)].map(([, text]) => text);
        expect(typed).toBe("npx pulumi-captions dev -- node receiver.mjs\n");
        install(desk.folder);
        writeFileSync(join(desk.folder, file), code);
        const running = startGroup("sh", ["-c", typed], {
            cwd: desk.folder,
            env: { ...desk.env, npm_config_offline: "true" },
        });
        // The port of the test is in PORT.
        const says = async (text: string): Promise<void> => {
            for (const line of text.replaceAll("3000", desk.port).trim().split("\n")) {
                await running.says(new RegExp(`^${line.replace(/[.?/]/g, "\\$&").replace("…", "\\S+")}$`, "m"));
            }
        };
        await says(started);
        await finishVideo(await pageOf(running), "success");
        await says(delivered);
        // As a terminal does: to all of them.
        process.kill(-running.pid, "SIGINT");
        await running.result;
        await expect.poll(() => isFree(desk.port), patient).toBe(true);
    },
);

describe("with a public URL", () => {
    test("the webhook exists for as long as the command runs, which gets its secret", async () => {
        const desk = await Desk.open();
        const code =
            "console.log('secret', require('node:crypto').createHash('sha256').update(JSON.parse(process.env.CAPTIONS_WEBHOOK_SECRETS)[0]).digest('hex'));";
        const running = desk.dev([...publicUrl, "--events", "creator.success"], desk.receiver(code));
        await running.says(/secret \w+/);
        const [webhook] = desk.emulator.webhooks;
        expect(webhook?.url).toMatch(
            /^https:\/\/dev\.example\.com\/hooks\/T0ken-Xk29Fm3LqPz\?captions-dev=[0-9a-f]{32}$/,
        );
        expect(webhook?.enabledEvents).toEqual(["creator.success"]);
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(webhook?.secret));
        await running.says(`secret ${Buffer.from(digest).toString("hex")}`);
        await running.says(`registered ${webhook?.id}: deliveries go to https://dev.example.com/…\n`);
        expect(desk.ledger).toHaveLength(1);
        running.kill("SIGTERM");
        const result = await running.result;
        expect(result.code).toBe(143);
        expect(desk.emulator.webhooks).toEqual([]);
        expect(desk.calls).toEqual(["register", "delete"]);
        expect(desk.ledger).toEqual([]);
        expect(leaks(result, [webhook?.secret ?? "", desk.emulator.apiKey, "T0ken-Xk29Fm3LqPz"])).toEqual([]);
    });

    test.each([
        ["ends with an exit code", "process.exit(7)", 7],
        ["succeeds", "process.exit(0)", 0],
        ["crashes", "process.kill(process.pid, 'SIGSEGV')", 128 + constants.signals.SIGSEGV],
    ])("a command that %s: that is handed on, and the webhook deleted", async (_how, code, expected) => {
        const desk = await Desk.open();
        const running = desk.dev(publicUrl, [process.execPath, "-e", code]);
        expect((await running.result).code).toBe(expected);
        expect(desk.calls).toEqual(["register", "delete"]);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s is handed on, and the webhook deleted", async (signal) => {
        const desk = await Desk.open();
        const running = desk.dev(
            publicUrl,
            desk.receiver(`process.on("${signal}", () => { console.log("told ${signal}"); process.exit(3); });`),
        );
        await running.says("receiver is up");
        running.kill(signal);
        const result = await running.result;
        expect(result.stdout).toContain(`told ${signal}`);
        expect(result.code).toBe(3);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("a terminal that is closed breaks the output and hangs up: that is one end, and the webhook is deleted", async () => {
        const desk = await Desk.open();
        const file = (name: string) => join(desk.folder, name);
        const code = `
            const { existsSync, writeFileSync } = require("node:fs");
            process.on("SIGTERM", () => {
                writeFileSync(${JSON.stringify(file("told"))}, "");
                setTimeout(() => process.exit(3), 500);
            });
            const server = require("node:http").createServer();
            const waiting = setInterval(() => {
                if (!existsSync(${JSON.stringify(file("closed"))})) return;
                clearInterval(waiting);
                server.listen(process.env.PORT, "127.0.0.1");
            }, 20);
            writeFileSync(${JSON.stringify(file("up"))}, "");`;
        const running = desk.dev(publicUrl, [process.execPath, desk.program("quiet.cjs", code)]);
        await expect.poll(() => existsSync(file("up")), patient).toBe(true);
        running.closeOutput();
        // Now \`dev\` says that the receiver listens, to nobody.
        writeFileSync(file("closed"), "");
        await expect.poll(() => existsSync(file("told")), patient).toBe(true);
        running.kill("SIGHUP");
        await running.gone;
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("a command that cannot be started: a sentence, and the webhook deleted", async () => {
        const desk = await Desk.open();
        const result = await desk.dev(publicUrl, ["no-such-command"]).result;
        expect(result.code).toBe(1);
        expect(result.stderr).toContain('Cannot run "no-such-command": there is no such command.');
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("a signal while /register is under way: no command is started, and the webhook deleted", async () => {
        const desk = await Desk.open({ latencyMs: 3_000 });
        const running = desk.dev(publicUrl, desk.receiver());
        await desk.emulator.whenCalled(({ endpoint }) => endpoint === "register");
        running.kill("SIGTERM");
        desk.emulator.behave({ latencyMs: 0 });
        const result = await running.result;
        expect(result.code).toBe(143);
        expect(result.stdout).toBe("");
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("a second Ctrl-C ends the command and all at once; the next run deletes what is left", async () => {
        const desk = await Desk.open();
        const running = desk.dev(publicUrl, desk.receiver("process.on('SIGINT', () => console.log('not yet'));"));
        await running.says("receiver is up");
        running.kill("SIGINT");
        await running.says("not yet");
        // One at once is taken for the same: npx hands on what the terminal has sent to all.
        const again = setInterval(() => running.kill("SIGINT"), 300);
        const { code } = await running.result;
        clearInterval(again);
        expect(code).toBe(130);
        expect(desk.emulator.webhooks).toHaveLength(1);
        await expect.poll(() => isFree(desk.port), patient).toBe(true);
        const next = await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect(next.stderr).toMatch(/deleted wh_\w+, a webhook of `dev` that was left over/);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("Ctrl-C that comes twice at once, by the terminal and by npx, is one", async () => {
        const desk = await Desk.open({ latencyMs: 300 });
        const running = desk.dev(publicUrl, desk.receiver("process.on('SIGINT', () => process.exit(0));"));
        await running.says("receiver is up");
        running.kill("SIGINT");
        running.kill("SIGINT");
        expect((await running.result).code).toBe(0);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });
});

describe("after kill -9", () => {
    test("the next run deletes its webhook: not another's on the same URL, nor one of a run that goes on", async () => {
        const desk = await Desk.open();
        const [, url = ""] = publicUrl;
        const others = [
            desk.emulator.register({ url, enabledEvents: ["creator.success"] }),
            desk.emulator.register({ url: `${url}?captions-dev=0123456789abcdef0123456789abcdef`, enabledEvents: [] }),
        ];
        const idle = [process.execPath, "-e", "setInterval(() => {}, 1000); console.log('is up');"];
        const killed = desk.dev(publicUrl, idle);
        await killed.says("is up");
        const beside = desk.dev(publicUrl, idle);
        await beside.says("is up");
        const [, , left, going] = desk.emulator.webhooks;
        killed.kill("SIGKILL");
        await killed.gone;
        expect(desk.ledger).toHaveLength(2);

        desk.emulator.clearCalls();
        const next = desk.dev(publicUrl, idle);
        await next.says("is up");
        expect(next.text()).toContain(`deleted ${left?.id}`);
        expect(desk.calls).toEqual(["list", "delete", "register"]);
        expect(desk.emulator.webhooks.slice(0, 3).map(({ id }) => id)).toEqual(
            [...others, going].map((one) => one?.id),
        );
        beside.kill("SIGTERM");
        next.kill("SIGTERM");
        await Promise.all([beside.result, next.result]);
        expect(desk.emulator.webhooks).toEqual(others);
        expect(desk.ledger).toEqual([]);
    });

    test("a run with another key, or with the emulator, leaves it to one with the same key", async () => {
        const desk = await Desk.open();
        const idle = [process.execPath, "-e", "setInterval(() => {}, 1000); console.log('is up');"];
        const killed = desk.dev(publicUrl, idle);
        await killed.says("is up");
        killed.kill("SIGKILL");
        await killed.gone;
        const nothing = [process.execPath, "-e", ""];
        await desk.dev(publicUrl, nothing, { CAPTIONS_API_KEY: "another-key" }).result;
        await desk.dev([], nothing).result;
        expect([desk.emulator.webhooks.length, desk.ledger.length]).toEqual([1, 1]);
        await desk.dev(publicUrl, nothing).result;
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("also where the killed run's receiver still has the port, which is told", async () => {
        const desk = await Desk.open();
        const killed = desk.dev(publicUrl, desk.receiver());
        await killed.says("receiver is up");
        killed.kill("SIGKILL");
        await killed.gone;
        const next = await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect(next.code).toBe(1);
        expect(next.stderr).toContain(
            `Port ${desk.port} is in use by another program. End it (it may be the receiver of`,
        );
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("killed while the response to /register was missing: the next run finds it by the text in its URL", async () => {
        const desk = await Desk.open({ urlForm: "tracking-query" });
        desk.emulator.inject({ endpoint: "register", kind: "hang-after" });
        const killed = desk.dev(publicUrl, desk.receiver());
        await expect.poll(() => desk.emulator.webhooks.length, patient).toBe(1);
        killed.kill("SIGKILL");
        await killed.gone;
        await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });
});

describe("when a response is lost", () => {
    test("of /register: it is not sent again, the webhook is found and used", async () => {
        const desk = await Desk.open({ urlForm: "lower-case", eventOrder: "reversed" });
        desk.emulator.inject({ endpoint: "register", kind: "lost-answer" });
        const running = desk.dev(publicUrl, desk.receiver());
        await running.says("receiver is up");
        running.kill("SIGTERM");
        expect((await running.result).code).toBe(143);
        expect(desk.calls).toEqual(["register", "list", "delete"]);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("of /register, and it is done later: an error says so, and the next run deletes it", async () => {
        const desk = await Desk.open();
        desk.emulator.inject({ endpoint: "register", kind: "lost-request" });
        const result = await desk.dev(publicUrl, desk.receiver()).result;
        expect(result).toMatchObject({ code: 1, stdout: "" });
        expect(result.stderr).toContain("it is not known whether it was done");
        expect(result.stderr).toContain(
            "The next run of `pulumi-captions dev` with this API key deletes it, if it exists.",
        );
        expect(desk.calls.filter((name) => name !== "list")).toEqual(["register"]);
        // Before it is there, a run must not forget it.
        await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        const [file = ""] = desk.ledger;
        const url = `${publicUrl[1]}?captions-dev=${file.replace(".json", "")}`;
        desk.emulator.register({ url, enabledEvents: ["creator.success"] });
        await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("of /delete: /list tells that it is gone", async () => {
        const desk = await Desk.open();
        desk.emulator.inject({ endpoint: "delete", kind: "lost-answer" });
        const result = await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect(result.code).toBe(0);
        expect(desk.calls.filter((name) => name !== "list")).toEqual(["register", "delete"]);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("of /delete, and it was not done: the run says so, and the next one deletes it", async () => {
        const desk = await Desk.open();
        desk.emulator.inject({ endpoint: "delete", kind: "error-before" });
        const result = await desk.dev(publicUrl, [process.execPath, "-e", "process.exit(7)"]).result;
        expect(result.code).toBe(7);
        expect(result.stderr).toMatch(/it is not certain that wh_\w+ is deleted\. The next run/);
        expect(desk.ledger).toHaveLength(1);
        await desk.dev(publicUrl, [process.execPath, "-e", ""]).result;
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("a /register that certainly did nothing leaves nothing behind, and costs no other call", async () => {
        const desk = await Desk.open({ badKeyStatus: 403 });
        const result = await desk.dev(publicUrl, desk.receiver(), { CAPTIONS_API_KEY: "wrong-key-Ab3dEf" }).result;
        expect(result).toMatchObject({ code: 1, stdout: "" });
        expect(result.stderr).toContain("which require an enterprise contract");
        expect(leaks(result, ["wrong-key-Ab3dEf"])).toEqual([]);
        expect([desk.calls, desk.ledger]).toEqual([["register"], []]);
    });

    test("secrets that the API masks: an error, and the webhook deleted", async () => {
        const desk = await Desk.open({ secrets: "masked" });
        const result = await desk.dev(publicUrl, desk.receiver()).result;
        expect(result.code).toBe(1);
        expect(result.stderr).toContain("no usable secret");
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });
});

describe("with a tunnel", () => {
    const lines = {
        cloudflared: [
            "INF Thank you for trying Cloudflare Tunnel (https://www.cloudflare.com/website-terms/). Follow: https://developers.cloudflare.com/cloudflare-one/connections/connect-apps",
            "INF |  https://seasonal-deck.trycloudflare.com   |",
        ],
        ngrok: ['t=1 lvl=info msg="started tunnel" addr=http://localhost:3000 url=https://1a2b.ngrok-free.app'],
    };

    function tunnel(desk: Desk, code: string): string[] {
        return ["--tunnel", `"${process.execPath}" "${desk.program("tunnel.cjs", code)}"`];
    }

    test.each([
        ["cloudflared", "console.error", "https://seasonal-deck.trycloudflare.com"],
        ["ngrok", "console.log", "https://1a2b.ngrok-free.app"],
    ] as const)("as %s, its URL is registered, and it ends with the command", async (name, print, origin) => {
        const desk = await Desk.open();
        const code = `
            const { PORT, CAPTIONS_API_KEY, FILE } = process.env;
            require("node:fs").writeFileSync(__dirname + "/tunnel.json", JSON.stringify({ pid: process.pid, PORT, CAPTIONS_API_KEY }));
            for (const line of ${JSON.stringify(lines[name])}) ${print}(line);
            // As cloudflared does, which tells its service before it ends.
            process.on("SIGTERM", () => setTimeout(() => {
                require("node:fs").writeFileSync(__dirname + "/tunnel.ended", "");
                process.exit();
            }, 200));
            setInterval(() => ${print}("a line of the log, token-Zq81".repeat(1000)), 5);`;
        const running = desk.dev([...tunnel(desk, code), "--path", "/hooks"], desk.receiver());
        await running.says("receiver is up");
        expect(desk.emulator.webhooks.map(({ url }) => url.replace(/=\w+$/, ""))).toEqual([
            `${origin}/hooks?captions-dev`,
        ]);
        const { pid, ...env } = JSON.parse(readFileSync(join(desk.folder, "tunnel.json"), "utf8"));
        expect(env).toEqual({ PORT: desk.port });
        running.kill("SIGINT");
        const result = await running.result;
        expect(result.code).toBe(130);
        await expect.poll(() => isRunning(pid, undefined), patient).toBe(false);
        expect(existsSync(join(desk.folder, "tunnel.ended"))).toBe(true);
        expect(leaks(result, ["token-Zq81"])).toEqual([]);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test("when it ends, the command is ended and the webhook deleted", async () => {
        const desk = await Desk.open();
        const code = `console.log("url=https://1a2b.ngrok-free.app");
            require("node:fs").watch(__dirname, (_, name) => name === "end" && process.exit(5));
            setInterval(() => {}, 1000);`;
        const running = desk.dev(tunnel(desk, code), desk.receiver());
        await running.says("receiver is up");
        desk.program("end", "");
        const result = await running.result;
        expect(result.code).toBe(1);
        expect(result.stderr).toContain("the tunnel has ended (exit code 5); ending the command");
        expect(await isFree(desk.port)).toBe(true);
        expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
    });

    test.each([
        [
            "names no URL in time",
            'console.log("see https://ngrok.com/docs"); setInterval(() => {}, 1000);',
            "The tunnel has not named an https URL within 1 s.",
        ],
        [
            "ends at once",
            'console.error("token-Zq81 is wrong"); process.exit(4);',
            "the tunnel has ended (exit code 4)",
        ],
    ])("one that %s: a sentence, and nothing is registered", async (_how, code, words) => {
        const desk = await Desk.open();
        const result = await desk.dev([...tunnel(desk, code), "--tunnel-timeout", "1"], desk.receiver()).result;
        expect(result).toMatchObject({ code: 1, stdout: "" });
        expect(result.stderr).toContain(words);
        expect(result.stderr).toContain("Run the command by itself to see what it says.");
        expect(leaks(result, ["token-Zq81"])).toEqual([]);
        expect([desk.calls, desk.ledger]).toEqual([[], []]);
    });

    test("a signal before it has named its URL ends it", async () => {
        const desk = await Desk.open();
        const code =
            'require("node:fs").writeFileSync(__dirname + "/pid", String(process.pid)); setInterval(() => {}, 1000);';
        const running = desk.dev(tunnel(desk, code), desk.receiver());
        const pid = (): number => {
            try {
                return Number(readFileSync(join(desk.folder, "pid"), "utf8"));
            } catch {
                return 0;
            }
        };
        await expect.poll(pid, patient).toBeGreaterThan(0);
        running.kill("SIGTERM");
        expect((await running.result).code).toBe(143);
        await expect.poll(() => isRunning(pid(), undefined), patient).toBe(false);
        expect(desk.calls).toEqual([]);
    });
});

test.skipIf(process.platform !== "linux")("in a terminal, Ctrl-C reaches the command once", async () => {
    const desk = await Desk.open();
    const code = `process.on("SIGINT", () => { console.log("told"); setTimeout(() => process.exit(3), 1500); });
        console.log("started by", process.ppid);`;
    const { args } = desk.command(publicUrl, desk.receiver(code));
    const typed = [process.execPath, ...args].map((word) => `'${word}'`).join(" ");
    // The shell, which is in the terminal too, waits for it.
    const terminal = startGroup("script", ["-qec", `trap : INT; ${typed}; exit $?`, "/dev/null"], {
        env: { ...desk.env, SHELL: "/bin/sh" },
        stdin: "pipe",
    });
    await terminal.says(/started by \d+/);
    const dev = Number(/started by (\d+)/.exec(terminal.text())?.[1]);
    // Two at the same moment would be one to the command: so that `dev` takes notice later.
    process.kill(dev, "SIGSTOP");
    terminal.type("\u0003");
    await terminal.says("told");
    process.kill(dev, "SIGCONT");
    expect((await terminal.result).code).toBe(3);
    expect(terminal.text().match(/told/g)).toHaveLength(1);
    expect([desk.emulator.webhooks, desk.ledger]).toEqual([[], []]);
});

test("wrong usage is exit code 2 and a sentence", async () => {
    const env = { CAPTIONS_API_KEY: "key" };
    const run = ["--", "node"];
    for (const [argv, words, given] of [
        [[], "Name the command that starts the receiver", env],
        [["--"], "Name the command that starts the receiver", env],
        [["--port", "0", ...run], "--port must be a whole number from 1 to 65535", env],
        [["--port", "65536", ...run], "--port must be a whole number from 1 to 65535", env],
        [run, 'PORT must be a whole number from 1 to 65535, not "x"', { PORT: "x" }],
        [["--path", "hooks", ...run], "--path must begin with a slash", env],
        [["--path", "/a b", ...run], "--path: contains white space", env],
        [["--url", "http://dev.example.com", ...run], "--url must be an https URL", env],
        [["--url", "dev.example.com", ...run], "--url must be an https URL", env],
        [["--url", "https://a:b@dev.example.com", ...run], "--url: contains a user name or a password", env],
        [["--url", "https://", ...run], "--url: is not an absolute URL", env],
        [
            ["--url", "https://a.example", "--tunnel", "ngrok", ...run],
            "--url and --tunnel cannot be used together",
            env,
        ],
        [["--url", "https://a.example", "--path", "/a", ...run], "--path cannot be used with --url", env],
        [["--url", "https://a.example", ...run], "set CAPTIONS_API_KEY", {}],
        [["--tunnel", "ngrok", ...run], "set CAPTIONS_API_KEY", { CAPTIONS_API_KEY: " " }],
        [["--tunnel", " ", ...run], "--tunnel needs a value", env],
        [["--tunnel-timeout", "5", ...run], "--tunnel-timeout needs --tunnel", env],
        [["--events", ",", ...run], "--events: is empty", env],
        [
            ["--events", "creator.sucess", ...run],
            'unknown event "creator.sucess"; did you mean "creator.success"?',
            env,
        ],
        [["--prot", "1", ...run], 'Unknown option "--prot". Did you mean --port?', env],
    ] as const) {
        const { code, stdout, stderr } = await cli(["dev", ...argv], { env: given });
        expect({ argv, code, stdout }).toEqual({ argv, code: 2, stdout: "" });
        expect(stderr).toContain(words);
        expect(stderr.trim().split("\n")).toHaveLength(1);
    }
});

test("a port that another program uses is an error, before anything is registered", async () => {
    const desk = await Desk.open();
    const { port } = new URL(await serve((_, response) => response.end()));
    for (const options of [publicUrl, []]) {
        const { code, stderr } = await cli(["dev", ...options, "--", "node"], { env: { ...desk.env, PORT: port } });
        expect(code).toBe(1);
        expect(stderr).toContain(`Port ${port} is in use by another program.`);
    }
    expect(desk.calls).toEqual([]);
});

test("an API that drops the query: its webhook is left alone, because nothing tells that it is new", async () => {
    const desk = await Desk.open();
    const paths: (string | undefined)[] = [];
    const answer = { id: "wh_1", secret: "s3cr3t-Xk29Fm3LqPz", url: "https://dev.example.com/", enabledEvents: [] };
    const baseUrl = await serve(({ url }, response) => {
        paths.push(url);
        response.end(JSON.stringify(url?.endsWith("/list") ? { registeredWebhooks: [answer] } : answer));
    });
    const env = { ...desk.env, CAPTIONS_BASE_URL: baseUrl };
    const result = await cli(["dev", ...publicUrl, "--", "node"], { env });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("The API returned wh_1 without the query `captions-dev=…`");
    expect(leaks(result, [answer.secret])).toEqual([]);
    expect(paths).toEqual(["/hooks/register", "/hooks/list"]);
});

async function isFree(port: string): Promise<boolean> {
    return fetch(`http://127.0.0.1:${port}`).then(
        () => false,
        () => true,
    );
}

/** As `npm install` does it: this package, its dependencies, and the link to its command. */
function install(folder: string): void {
    const modules = join(folder, "node_modules");
    const installed = join(modules, "pulumi-captions");
    mkdirSync(join(modules, ".bin"), { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    cpSync(join(inject("nodeModules"), "pulumi-captions"), installed, { recursive: true });
    const { dependencies, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
        mkdirSync(dirname(join(modules, name)), { recursive: true });
        symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    const main = join(installed, bin["pulumi-captions"]);
    chmodSync(main, 0o755);
    symlinkSync(main, join(modules, ".bin", "pulumi-captions"));
}
