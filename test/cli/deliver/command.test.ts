import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tryDeliveries } from "../../cli/deliver";
import { checkUrl, secretsIn, urlIn } from "../../cli/exported";
import { testDelivery } from "../../cli/send";
import { cachedSecrets, parseDelivery } from "../../receiver";
import { renders, startProject } from "../support/engine";
import { cli, exit, leaks, reach, serve, serveReceiver, start } from "./support";

const newest = "whsec_newest-Qm4TzYb1Kd6XqR2m";
const older = "whsec_older-8sLw4Vn0PaBc7Tr";
const options = { event: "pulumi-captions.test", timeoutSeconds: 5, signal: new AbortController().signal };

test("every secret that the receiver knows is accepted, the wrong one refused, and nothing is handed on", async () => {
    const { url, handed } = await serveReceiver([newest, older]);
    expect(await tryDeliveries(url, [newest, older], options)).toEqual([
        { secret: "newest", expected: "accepted", outcome: "accepted", ok: true, status: 200 },
        { secret: "2nd", expected: "accepted", outcome: "accepted", ok: true, status: 200 },
        { secret: "wrong", expected: "refused", outcome: "refused", ok: true, status: 401 },
    ]);
    expect(handed).toEqual([]);
});

test("what is sent has the shape of a delivery, and its operationId says that it is a test", async () => {
    const { url, handed } = await serveReceiver([newest, older]);
    for (const event of ["creator.success", "creator.failure", "creator.new"]) {
        const trials = await tryDeliveries(url, [newest, older], { ...options, event });
        expect(trials.map(({ ok }) => ok)).toEqual([true, true, true]);
    }
    // Each has an id of its own, so that the second is not taken for a repeat of the first.
    expect(handed.map(({ event }) => event)).toEqual([
        ...["creator.success", "creator.success", "creator.failure", "creator.failure", "unknown", "unknown"],
    ]);
    for (const { operationId } of handed) expect(operationId).toMatch(/^pulumi-captions-test-[0-9a-f]{16}$/);
    expect(parseDelivery(testDelivery("pulumi-captions.test"))).toMatchObject({ event: "pulumi-captions.test" });
});

test("a secret that the receiver does not know yet is found, with what to do", async () => {
    const { url } = await serveReceiver(older);
    const [first, second, third] = await tryDeliveries(url, [newest, older], options);
    expect(first).toMatchObject({ secret: "newest", outcome: "refused", ok: false, status: 401 });
    expect(first?.advice).toContain("before an older secret is dropped");
    expect([second?.ok, third?.ok]).toEqual([true, true]);
});

test("a receiver that looks up its secrets takes up the new one meanwhile", async () => {
    let current: string[] = [older];
    const { url } = await serveReceiver(cachedSecrets(async () => current, { minRefetchSeconds: 0.05 }));
    expect((await tryDeliveries(url, [older], options)).every(({ ok }) => ok)).toBe(true);
    current = [newest, older];
    expect((await tryDeliveries(url, [newest], options)).every(({ ok }) => ok)).toBe(true);
});

test("a receiver that accepts anything is found", async () => {
    const trials = await tryDeliveries(await serve((_, response) => response.end()), [newest], options);
    expect(trials.map(({ ok }) => ok)).toEqual([true, false]);
    expect(trials[1]?.advice).toContain("takes any caller's word");
});

test("each other answer is told apart, and says what to look at", async () => {
    for (const [status, words] of [
        [302, "declare the URL that it leads to"],
        [400, "did not take the event"],
        [404, "there is no receiver at this path"],
        [405, "POST is not allowed"],
        [429, "too many requests"],
        [500, "see the receiver's log"],
        [503, "see the receiver's log"],
    ] as const) {
        let requests = 0;
        const url = await serve((_, response) => {
            requests++;
            response.writeHead(status, { location: "/elsewhere" }).end();
        });
        const [known, wrong] = await tryDeliveries(url, [newest], options);
        expect(known).toMatchObject({ outcome: "other", ok: false, status });
        expect(known?.advice).toContain(words);
        expect(wrong).toMatchObject({ outcome: "other", ok: false, status });
        // No redirect is followed, and nothing tried again.
        expect(requests).toBe(2);
    }
});

test("a receiver that judges the body before the secret is found", async () => {
    const url = await serve(({ headers }, response) => {
        response.writeHead(headers.authorization === `Bearer ${newest}` ? 200 : 400).end();
    });
    const [, wrong] = await tryDeliveries(url, [newest], options);
    expect(wrong?.advice).toContain("the body was judged before the secret");
});

test("where nobody answers, that is said once, and nothing more is tried", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    const trials = await tryDeliveries(`http://127.0.0.1:${port}/`, [newest, older], options);
    expect(trials.map(({ outcome }) => outcome)).toEqual(["failed", "skipped", "skipped"]);
    expect(trials[0]).toMatchObject({ error: "ECONNREFUSED" });
    expect(trials[0]?.advice).toContain("is the URL right");
});

test("a receiver that hangs, or breaks off, or whose certificate nobody trusts, is told", async () => {
    const hangs = await serve(() => undefined);
    const [late] = await tryDeliveries(hangs, [newest], { ...options, timeoutSeconds: 1 });
    expect(late).toMatchObject({ outcome: "failed", error: "timeout" });
    expect(late?.advice).toContain("no answer within 1 s");

    const breaks = await serve(({ socket }) => socket.destroy());
    const [broken] = await tryDeliveries(breaks, [newest], options);
    expect(broken).toMatchObject({ outcome: "failed", error: "ECONNRESET" });

    const [untrusted, skipped] = await tryDeliveries(await serveSelfSigned(), [newest], options);
    expect(untrusted).toMatchObject({ outcome: "failed", error: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(untrusted?.advice).toContain("NODE_EXTRA_CA_CERTS");
    expect(skipped).toMatchObject({ outcome: "skipped" });
});

test("outputs that hold no secret are told by name, never by value", () => {
    expect(secretsIn({ secrets: [newest, older], secret: newest }, undefined)).toEqual([newest, older]);
    expect(secretsIn({ secret: newest }, undefined)).toEqual([newest]);
    expect(secretsIn({ mine: [newest] }, "mine")).toEqual([newest]);
    for (const [outputs, name, words] of [
        [{}, undefined, "exports no `secrets` or `secret` (it has no outputs)"],
        [{ key: newest }, undefined, "(its outputs: key)"],
        [{ key: newest }, "toString", '"toString"'],
        [{ secrets: [] }, undefined, "is an empty list"],
        [{ secrets: [newest, `${older}\n`] }, undefined, "at place 2"],
        [{ secret: { value: newest } }, undefined, "cannot be a webhook's secret"],
    ] as const) {
        const attempt = () => secretsIn(outputs, name);
        expect(attempt).toThrow(words);
        expect(attempt).not.toThrow(/whsec/);
    }
});

test("secrets are sent to https only, or to this machine", () => {
    expect(urlIn({ url: "https://a.example/h" }, undefined)).toBe("https://a.example/h");
    expect(urlIn({ hook: "http://localhost:8080/" }, "hook")).toBe("http://localhost:8080/");
    expect(() => urlIn({}, undefined)).toThrow("--url");
    expect(() => urlIn({ url: 1 }, undefined)).toThrow("is not a URL");
    for (const url of ["http://a.example/", "a.example", "ftp://a.example/"]) {
        expect(() => checkUrl(url, "--url")).toThrow("must be an absolute https URL");
    }
});

test("on the real engine: what a stack exports is tried, and a receiver that lags behind a rotation is found", async () => {
    let known: string[] = [];
    const { url, handed } = await serveReceiver(cachedSecrets(async () => known, { minRefetchSeconds: 0.05 }));
    const program = (...generations: string[]): string => `
const webhook = new captions.RotatingWebhook("renders", ${JSON.stringify({ ...renders, url, generations })});
module.exports = { secrets: webhook.secrets, url: ${JSON.stringify(url)} };`;
    const project = await startProject(program("a"));
    const { emulator, stack } = project;
    expect(await stack.up()).toMatchObject({ code: 0 });
    known = emulator.webhooks.map(({ secret }) => secret);
    const { args, env } = await reach(project);

    const good = await start(["deliver", ...args], env).result;
    expect(good).toMatchObject({ code: exit.good, stderr: "" });
    expect(good.stdout).toContain("All is as it should be");

    stack.program(program("b", "a"));
    expect(await stack.up()).toMatchObject({ code: 0 });
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    const late = await cli(["deliver", ...args, "--json"], { env });
    expect(late.code).toBe(exit.bad);
    expect(JSON.parse(late.stdout)).toMatchObject({
        ok: false,
        event: "pulumi-captions.test",
        trials: [
            { secret: "newest", ok: false, outcome: "refused" },
            { secret: "2nd", ok: true },
            { secret: "wrong", ok: true },
        ],
    });

    known = secrets;
    const handling = await cli(["deliver", ...args, "--event", "creator.success", "--output", "secrets"], { env });
    expect(handling).toMatchObject({ code: exit.good });
    expect(handed).toHaveLength(2);

    const missing = await cli(["deliver", ...args, "--output", "secret"], { env });
    expect(missing).toMatchObject({ code: exit.bad });
    expect(missing.stderr).toContain("(its outputs: secrets, url)");
    for (const result of [good, late, handling, missing]) expect(leaks(result, secrets)).toEqual([]);
});

test("--wait: tried again until the receiver has taken up the secret, given up at the end, or at once where it is hopeless", async () => {
    const project = await startProject(`module.exports = { secrets: pulumi.secret(["${newest}", "${older}"]) };`);
    await project.stack.up();
    const { args, env } = await reach(project);
    let asked = 0;
    // Each round asks three times; the receiver knows the newest secret from the third round on.
    const learning = await serve(({ headers }, response) => {
        const known = ++asked > 6 ? [newest, older] : [older];
        response.writeHead(known.some((secret) => headers.authorization === `Bearer ${secret}`) ? 200 : 401).end();
    });
    const late = await cli(["deliver", ...args, "--url", learning, "--wait", "30"], { env });
    expect(late).toMatchObject({ code: exit.good });
    expect(
        late.stderr.match(/Not yet: the newest secret was answered 401\. Trying again, for \d+ s more\./g),
    ).toHaveLength(2);

    const { url } = await serveReceiver(older);
    const never = await cli(["deliver", ...args, "--url", url, "--wait", "1"], { env });
    expect(never).toMatchObject({ code: exit.bad });
    expect(never.stdout).toContain("before an older secret is dropped");

    const open = await serve((_, response) => response.end());
    const hopeless = await cli(["deliver", ...args, "--url", open, "--wait", "600"], { env });
    expect(hopeless).toMatchObject({ code: exit.bad, stderr: "" });
    for (const result of [late, never, hopeless]) expect(leaks(result, [newest, older])).toEqual([]);

    const wrong = await cli(["deliver", ...args, "--wait", "0"], { env });
    expect(wrong).toMatchObject({ code: exit.usage });
    expect(wrong.stderr).toContain("from 1 to 86400");
});

test("the report is a table of 80 columns, in colours only where they are wanted", async () => {
    const project = await startProject("module.exports = { secret: pulumi.secret('whsec_0123456789abcdef') };");
    await project.stack.up();
    const { args, env } = await reach(project);
    const { url } = await serveReceiver("whsec_another");
    const result = await cli(["deliver", ...args, "--url", `${url}?token=abc`], { env, columns: 80, colours: true });
    expect(result).toMatchObject({ code: exit.bad, stderr: "" });
    expect(result.stdout).toContain("\u001b[31m");
    expect(result.stdout).not.toContain("token=abc");
    expect(leaks(result, ["whsec_0123456789abcdef"])).toEqual([]);
});

async function serveSelfSigned(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-cli-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", [...args, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
        response.end(),
    );
    rmSync(folder, { recursive: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
