import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, onTestFinished } from "vitest";
import { findOnPath } from "../../engine/processes";
import { CaptionsClient } from "../../provider/api/client";
import { CaptionsError } from "../../provider/errors";
import { findOrInstallTinyproxy } from "../prerequisites";
import { settingNames, shortLimits } from "../support/account";
import { findLeaks } from "../support/leaks";
import { unusedPort } from "../support/ports";

export const apiKey = "key-6XqR2mVn8sLw4TzYb1Kd";
const root = join(__dirname, "../..");

export function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-network-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** A client of ours in this process, that waits only shortly. */
export function clientOf(baseUrl: string, limits: Partial<typeof shortLimits> = {}): CaptionsClient {
    const notify = (): void => undefined;
    return new CaptionsClient({ apiKey, baseUrl, limits: { ...shortLimits, ...limits }, names: settingNames, notify });
}

/** What a call of the client in a process of its own came to. */
export interface ChildResult {
    readonly events?: readonly string[];
    readonly name?: string;
    readonly message?: string;
    readonly meaning?: string;
    /** All of the error that a logger could show. */
    readonly shown: string;
    /** What the user was told meanwhile: each wait that the API has asked for. */
    readonly notices: readonly string[];
}

/**
 * Asks `/events` in a process of its own, as `NODE_EXTRA_CA_CERTS` is read at its start only, and waits for it to end
 * by itself: so nothing may be left open.
 */
export async function callInChild(
    baseUrl: string,
    env: Readonly<Record<string, string>>,
    limits: Partial<typeof shortLimits> = {},
): Promise<ChildResult> {
    const own = /^(https?_proxy|no_proxy|all_proxy|node_extra_ca_certs|node_options)$/i;
    const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "call.ts")], {
        cwd: root,
        env: {
            ...Object.fromEntries(kept),
            ...env,
            CALL: JSON.stringify({ apiKey, baseUrl, limits: { ...shortLimits, ...limits }, names: settingNames }),
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
    });
    await new Promise((resolve) => child.on("close", resolve));
    if (stdout === "") throw new Error(`The call wrote nothing: ${stderr}`);
    const result: ChildResult = JSON.parse(stdout);
    expect(findLeaks(new Map([["the child's output", stdout + stderr]]), [apiKey])).toEqual([]);
    return result;
}

/** Checks that an error is one of ours, says a sentence, and holds nothing secret, however deep one looks. */
export function expectSentence(error: unknown, secrets: readonly string[] = []): asserts error is CaptionsError {
    expect(error).toBeInstanceOf(CaptionsError);
    const { message, name, stack } = error as CaptionsError;
    expect(name).not.toMatch(/axios/i);
    expect(stack).toBe("");
    expect(message).toMatch(/^(POST http\S+: |http\S+ asks to wait ).+[.?]$/s);
    expect(message).not.toMatch(/undefined|\[object|axios|^\s+at /i);
    const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(
        findLeaks(new Map([["the error", `${message} ${shown} ${JSON.stringify(error)}`]]), [apiKey, ...secrets]),
    ).toEqual([]);
}

export interface Listening {
    readonly port: number;
    /** How many connections there were. */
    readonly connections: () => number;
    readonly server: Server;
}

/** A TCP server on a free port of this machine. */
export async function listen(onConnection: (socket: Socket) => void): Promise<Listening> {
    let connections = 0;
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
        connections++;
        sockets.add(socket);
        socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
        onConnection(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(
        () =>
            new Promise<void>((resolve) => {
                server.close(() => resolve());
                for (const socket of sockets) socket.destroy();
            }),
    );
    return { port: (server.address() as AddressInfo).port, connections: () => connections, server };
}

/** Calls back with each whole HTTP request that comes (head and body). */
export function onRequest(socket: Socket, answer: (request: string) => void): void {
    let text = "";
    socket.on("data", (part) => {
        text += part.toString("latin1");
        for (;;) {
            const head = text.indexOf("\r\n\r\n");
            if (head < 0) return;
            const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, head))?.[1] ?? 0);
            if (text.length < head + 4 + length) return;
            const request = text.slice(0, head + 4 + length);
            text = text.slice(head + 4 + length);
            answer(request);
        }
    });
}

/** A TCP relay that keeps every byte that passes, in both directions. */
export async function startRecorder(port: number): Promise<{ port: number; bytes: () => string }> {
    const parts: Buffer[] = [];
    const { port: own } = await listen((socket) => {
        const onward = connect(port, "127.0.0.1");
        onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
        socket.on("close", () => onward.destroy());
        onTestFinished(() => {
            onward.destroy();
        });
        for (const [from, to] of [
            [socket, onward],
            [onward, socket],
        ] as const) {
            from.on("data", (part) => {
                parts.push(part);
                to.write(part);
            });
            from.on("end", () => to.end());
        }
    });
    return { port: own, bytes: () => Buffer.concat(parts).toString("latin1") };
}

export interface Certificate {
    readonly key: string;
    readonly cert: string;
}

export interface Authority {
    /** Where its certificate is: for `NODE_EXTRA_CA_CERTS`. */
    readonly file: string;
    /** @param names such as `DNS:a.example` and `IP:127.0.0.1` */
    readonly issue: (names: string, validity?: "expired" | "valid") => Certificate;
    readonly selfSigned: (names: string) => Certificate;
}

/** A certificate authority of the test's own, by openssl. */
export function createAuthority(): Authority {
    const folder = temporaryFolder();
    if (findOnPath("openssl", process.env).length === 0) {
        throw new Error(
            "The TLS tests make their certificates with openssl, which is not on PATH. Install it (apt-get install openssl).",
        );
    }
    const openssl = (...args: string[]): void => {
        execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    };
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const authority = ["-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl("req", "-x509", ...newKey, "-subj", "/CN=Test authority", "-days", "2", ...authority);
    let count = 0;
    return {
        file: join(folder, "ca.pem"),
        issue(names, validity = "valid") {
            const name = `leaf-${++count}`;
            openssl("req", ...newKey, "-subj", "/CN=leaf", "-keyout", `${name}.key`, "-out", `${name}.csr`);
            writeFileSync(join(folder, "index.txt"), "");
            writeFileSync(join(folder, "serial"), `0${count}`);
            writeFileSync(
                join(folder, "ca.cnf"),
                "[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\n" +
                    `policy=any\nx509_extensions=leaf\n[any]\ncommonName=supplied\n[leaf]\nsubjectAltName=${names}\n`,
            );
            const period =
                validity === "expired"
                    ? ["20200101000000Z", "20210101000000Z"]
                    : ["20200101000000Z", "20991231000000Z"];
            openssl(
                ...["ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-notext"],
                ...[
                    "-in",
                    `${name}.csr`,
                    "-out",
                    `${name}.pem`,
                    "-startdate",
                    `${period[0]}`,
                    "-enddate",
                    `${period[1]}`,
                ],
            );
            return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
        },
        selfSigned(names) {
            const name = `self-${++count}`;
            const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
            openssl(
                "req",
                "-x509",
                ...newKey,
                "-subj",
                "/CN=self",
                "-days",
                "2",
                "-addext",
                `subjectAltName=${names}`,
                ...files,
            );
            return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
        },
    };
}

export interface TinyProxy {
    readonly port: number;
    readonly log: () => string;
}

/** A real proxy, Debian's tinyproxy, installed where it is not there yet. */
export async function startTinyProxy(settings: readonly string[] = []): Promise<TinyProxy> {
    const program = await findOrInstallTinyproxy({ log: (line) => console.error(line) });
    const folder = temporaryFolder();
    const port = await unusedPort();
    const log = join(folder, "log");
    const lines = [
        `Port ${port}`,
        "Listen 127.0.0.1",
        "Timeout 60",
        `LogFile "${log}"`,
        "LogLevel Info",
        "MaxClients 20",
    ];
    const allow = settings.some((line) => line.startsWith("Deny")) ? [] : ["Allow 127.0.0.1"];
    writeFileSync(join(folder, "conf"), `${[...lines, ...allow, ...settings].join("\n")}\n`);
    const child = spawn(program, ["-d", "-c", join(folder, "conf")], { stdio: "ignore" });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    onTestFinished(async () => {
        child.kill("SIGKILL");
        await ended;
    });
    for (let attempt = 0; !(await accepts(port)); attempt++) {
        if (child.exitCode !== null || attempt > 200) throw new Error(`tinyproxy did not start: ${readOr(log)}`);
    }
    return { port, log: () => readOr(log) };
}

function accepts(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => {
            socket.destroy();
            resolve(true);
        });
        socket.once("error", () => setTimeout(resolve, 50, false));
    });
}

function readOr(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}
