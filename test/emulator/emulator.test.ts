import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
    EmulatorError,
    type EmulatorOptions,
    type Fault,
    type Outcome,
    startEmulator,
    type WebhookSettings,
} from "../../emulator";
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

test.each([
    [{ behavior: { listLagMs: 1 } }, 'There is no option "behavior". Did you mean "behaviour"?'],
    [{ port: "whsec_1" }, "Wrong value of the option port: expected number."],
    [{ port: 70_000 }, "Wrong value of the option port: expected <=65535."],
    [{ log: "whsec_1" }, "Wrong value of the option log: expected Function."],
    [{ apiKey: 70_000 }, "Wrong value of the option apiKey: expected string."],
    [{ tls: "-----BEGIN PRIVATE KEY-----whsec_1" }, "Wrong value of the option tls: expected Object."],
    [{ behaviour: "whsec_1" }, "A behaviour is an object of switches"],
    [null, "The options must be an object."],
])(
    "an option that is wrong or misspelt is an EmulatorError in words, without its value: %j",
    async (options, words) => {
        const failure = await startEmulator(options as EmulatorOptions).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(EmulatorError);
        expect(String(failure)).toContain(words);
        expect(String(failure)).not.toMatch(/whsec|70_?000/);
    },
);

test("an option that is null is one that is not given", async () => {
    const emulator = await startEmulator({
        port: null,
        apiKey: null,
        log: null,
        tls: null,
    } as unknown as EmulatorOptions);
    onTestFinished(() => emulator.stop());
    expect(emulator.apiKey).toBe("emulator-key");
});

test("a webhook that was handed out can be given back, changed; its id and secret are its own", async () => {
    const emulator = await start();
    const webhook = emulator.register({ url: "https://a.example/", enabledEvents: ["creator.success"] });
    const changed = emulator.update(webhook.id, { ...webhook, url: "https://b.example/" });
    expect(changed).toMatchObject({ id: webhook.id, url: "https://b.example/" });
    expect(changed.secret).not.toBe(webhook.secret);
    expect(emulator.register(webhook)).not.toMatchObject({ id: webhook.id });
});

test("what is misspelt by hand is an EmulatorError with the nearest name", async () => {
    const emulator = await start();
    const misspelt = { url: "https://a.example/", enabledEvent: ["creator.success"] } as unknown as WebhookSettings;
    const sentence = 'There is no setting of a webhook "enabledEvent". Did you mean "enabledEvents"?';
    expect(() => emulator.register(misspelt)).toThrow(sentence);
    expect(() => emulator.update("wh_1", misspelt)).toThrow(sentence);
    const operationId = emulator.submitVideo();
    const finishing = emulator.finishVideo(operationId, "sucess" as Outcome);
    await expect(finishing).rejects.toThrow('There is no outcome "sucess". Did you mean "success"?');
    expect(emulator.videos).toEqual([{ operationId, outcome: undefined }]);
    const fault = { endpoint: "update", kind: "hang", time: 2 } as unknown as Fault;
    expect(() => emulator.inject(fault)).toThrow('There is no property of a fault "time". Did you mean "times"?');
});

test("a call whose body lacks a property is answered with its name", async () => {
    const emulator = await start();
    const headers = { "x-api-key": emulator.apiKey, "content-type": "application/json" };
    const answer = await fetch(`${emulator.creatorUrl}/submit`, { method: "POST", headers, body: "{}" });
    expect(await answer.text()).toContain("script: is required.");
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
