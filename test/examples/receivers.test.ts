import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Miniflare } from "miniflare";
import { expect, onTestFinished, test } from "vitest";
import type { Emulator } from "../../emulator";
import { unusedPort } from "../support/ports";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { startFunctionUrl } from "./support/lambda";
import { inputsOf, runMocked } from "./support/mocks";
import { startAws } from "./support/moto";
import { startNginx } from "./support/nginx";
import { startProgram } from "./support/processes";
import { emulatorForTest } from "./support/project";

const events = ["creator.success", "creator.failure"];

/** The status that each webhook's delivery of an event got. */
async function deliver(emulator: Emulator): Promise<(number | undefined)[]> {
    const deliveries = await emulator.finishVideo(emulator.submitVideo(), "success");
    return deliveries.map(({ status }) => status);
}

const allSecrets = (emulator: Emulator) => JSON.stringify(emulator.webhooks.map(({ secret }) => secret).reverse());

test("aws: the function that the program deploys reads the secrets from the store, and takes up a new one without a deployment", async () => {
    const [aws, emulator, folder] = await Promise.all([startAws(), emulatorForTest(), copyExample("aws")]);
    const { resources } = await runMocked(folder);
    const { code } = inputsOf<{ code: { assets: Record<string, { text: string }> } }>(
        resources,
        "aws:lambda/function:Function",
    );
    const script = join(folder, "index.js");
    writeFileSync(script, code.assets["index.js"]?.text ?? "");
    const url = await startFunctionUrl(script, { ...aws.env, SECRET_ID: "webhook-secrets", NODE_NO_WARNINGS: "1" });

    emulator.register({ url, enabledEvents: events });
    await aws.create("webhook-secrets", allSecrets(emulator));
    expect(await deliver(emulator)).toEqual([200]);

    // A second generation: its secret is not among those that the function has kept, and is read again from the store.
    emulator.register({ url, enabledEvents: events });
    await aws.change("webhook-secrets", allSecrets(emulator));
    expect(await deliver(emulator)).toEqual([200, 200]);
    emulator.remove(emulator.webhooks[0]?.id ?? "");
    expect(await deliver(emulator)).toEqual([200]);

    // A stranger, right after the secrets were read: Lambda runs nothing else in this process until it has answered.
    const stranger = { method: "POST", headers: { authorization: "Bearer wrong" }, body: "{}" };
    expect((await fetch(url, stranger)).status).toBe(401);
    const began = performance.now();
    expect((await fetch(url, stranger)).status).toBe(401);
    expect(performance.now() - began).toBeLessThan(4_000);
});

test("cloudflare: the Worker that the program deploys runs in workerd, and accepts what is in its binding", async () => {
    const emulator = await emulatorForTest();
    const config = { accountId: "a", zoneId: "z", hostname: "hooks.example.com" };
    const { resources } = await runMocked(await copyExample("cloudflare"), config);
    const { content, compatibilityDate } = inputsOf<{ content: string; compatibilityDate: string }>(
        resources,
        "cloudflare:index/workersScript:WorkersScript",
    );
    const port = await unusedPort();
    const options = (secrets: string) => ({
        modules: true,
        port,
        script: content,
        compatibilityDate,
        bindings: { CAPTIONS_WEBHOOK_SECRETS: secrets },
        handleRuntimeStdio: (stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) => {
            stdout.resume();
            stderr.resume();
        },
    });
    const miniflare = new Miniflare(options("[]"));
    onTestFinished(() => miniflare.dispose());
    const url = new URL("/captions", await miniflare.ready).href;
    emulator.register({ url, enabledEvents: events });
    expect(await deliver(emulator)).toEqual([503]);
    await miniflare.setOptions(options(allSecrets(emulator)));
    await miniflare.ready;
    expect(await deliver(emulator)).toEqual([200]);
});

test("kubernetes: behind nginx with TLS, the pods' program takes up secrets as Kubernetes swaps them, and refuses no delivery", async () => {
    const folder = await copyExample("kubernetes");
    const { build } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).scripts;
    execFileSync("sh", ["-c", build], {
        cwd: folder,
        env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
        stdio: "pipe",
    });

    // A mounted Secret: the file is a link through `..data`, a link that Kubernetes renames over the old one.
    const mount = temporaryFolder("mount");
    let versions = 0;
    const put = (secrets: string[]) => {
        const version = `..version-${++versions}`;
        mkdirSync(join(mount, version));
        writeFileSync(join(mount, version, "secrets.json"), JSON.stringify(secrets));
        symlinkSync(version, join(mount, "..data_tmp"));
        renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    symlinkSync("..data/secrets.json", join(mount, "secrets.json"));

    const server = await startProgram(
        process.execPath,
        [join(folder, "dist/server.js")],
        /^Listening on http:\/\/localhost:(\d+)\/$/m,
        {
            env: { ...process.env, SECRETS_FILE: join(mount, "secrets.json"), PORT: "0" },
        },
    );
    const nginx = await startNginx(`http://127.0.0.1:${server.match[1]}`);

    const emulator = await startDeliveries(nginx);
    const old = emulator.secret;
    put([old]);
    for (let count = 0; count < 5; count++) expect(await emulator.deliver()).toBe(200);
    // What the program's DeliveryCheck tells the pods apart by.
    const asked = await fetch(`http://127.0.0.1:${server.match[1]}/captions`, {
        method: "POST",
        headers: { authorization: `Bearer ${old}` },
        body: JSON.stringify({ event: "pulumi-captions.test", operationId: "asked" }),
    });
    expect(asked.status).toBe(200);
    expect(asked.headers.get("captions-receiver-instance")).toBe(hostname());
    // Its successor is known before it is used, which is what the overlap of two generations is for.
    const next = await emulator.rotate();
    expect(await emulator.deliver()).toBe(401);
    put([next, old]);
    for (let count = 0; count < 5; count++) expect(await emulator.deliver()).toBe(200);
    put([next]);
    expect(await emulator.deliver()).toBe(200);
    expect(server.output().match(/creator\.success/g)).toHaveLength(11);
    expect(server.output()).not.toContain("signature");
});

async function startDeliveries({ url, authority }: { url: string; authority: string }) {
    const tsx = join(root, "node_modules/tsx/dist/loader.mjs");
    const child = spawn(
        process.execPath,
        ["--import", tsx, join(__dirname, "support/deliver-by-tls.ts"), `${url}/captions`],
        {
            env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
            stdio: ["pipe", "pipe", "inherit"],
        },
    );
    onTestFinished(async () => {
        const ended = once(child, "close");
        child.stdin.end();
        await ended;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<{ secret: string; answer: number | string }> =>
        JSON.parse((await lines.next()).value);
    const ask = (line: string) => {
        child.stdin.write(`${line}\n`);
        return next();
    };
    const { secret } = await next();
    return {
        secret,
        deliver: async () => (await ask("deliver")).answer,
        rotate: async () => (await ask("rotate")).secret,
    };
}
