import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EmulatorError, startEmulator } from "../../emulator";
import { receive, start } from "./support";

test("it says where it is", async () => {
    const emulator = await start();
    expect(emulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(emulator.baseUrl).toBe(`${emulator.url}/api/webhooks`);
    expect(emulator.creatorUrl).toBe(`${emulator.url}/api/creator`);
    expect(emulator.apiKey).toBe("emulator-key");
});

test("a port in use is an EmulatorError in words", async () => {
    const port = Number(new URL((await start()).url).port);
    const starting = startEmulator({ port });
    await expect(starting).rejects.toThrow(EmulatorError);
    await expect(starting).rejects.toThrow(/that port is in use/);
});

test("stop can be called again, and closes connections that are open", async () => {
    const emulator = await startEmulator();
    await fetch(emulator.url);
    await Promise.all([emulator.stop(), emulator.stop()]);
    await emulator.stop();
    await expect(fetch(emulator.url)).rejects.toThrow("fetch failed");
});

test("the docstring's example works", async () => {
    const { url } = await receive();
    const emulator = await start({ listLagMs: 200 });
    emulator.inject({ endpoint: "register", kind: "lost-answer" });
    emulator.register({ url, enabledEvents: ["creator.success"] });
    const operationId = emulator.submitVideo();
    const [delivery] = await emulator.finishVideo(operationId, "success");
    expect([delivery?.accepted, delivery?.status]).toEqual([true, 200]);
});

test("the log tells of calls and deliveries without secrets", async () => {
    const lines: string[] = [];
    const { url } = await receive();
    const emulator = await start({}, { log: (line) => lines.push(line) });
    const { id } = emulator.register({ url, enabledEvents: ["creator.success"] });
    emulator.inject({ endpoint: "list", kind: "lost-answer" });
    const headers = { "x-api-key": emulator.apiKey };
    await fetch(`${emulator.baseUrl}/list`, { method: "POST", headers }).catch(() => undefined);
    await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(lines).toEqual(["list      no answer (fault: lost-answer)", `delivery  creator.success to ${id}: 200`]);
});

test("it serves https, and its faults work there too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emulator-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
    execFileSync("openssl", [...args, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const ca = readFileSync(cert);
    const emulator = await start({}, { tls: { key: readFileSync(key), cert: ca } });
    expect(emulator.url).toMatch(/^https:/);
    const list = () =>
        new Promise<number>((resolve, reject) => {
            const headers = { "x-api-key": emulator.apiKey };
            https
                .request(`${emulator.baseUrl}/list`, { method: "POST", ca, headers, agent: false }, (answer) => {
                    answer.resume();
                    resolve(answer.statusCode ?? 0);
                })
                .on("error", reject)
                .end();
        });
    expect(await list()).toBe(200);
    emulator.inject({ endpoint: "list", kind: "lost-request" });
    await expect(list()).rejects.toThrow();
    emulator.inject({ endpoint: "list", kind: "hang" });
    const hanging = list();
    await emulator.whenCalled(({ fault }) => fault === "hang");
    await Promise.all([emulator.stop(), expect(hanging).rejects.toThrow()]);
});
