import { expect, test } from "vitest";
import { expectNoTrace } from "../support/no-trace";
import { renders, startDeployed, startProject, webhookProgram } from "../support/project";

test("a preview finds every wrong input, and an event that the API does not know", async () => {
    const { emulator, stack } = await startProject(
        webhookProgram({ url: "http://a.example/h#x", enabledEvents: [], urll: "x" }),
    );
    const bad = await stack.preview();
    expect(bad.code).not.toBe(0);
    for (const problem of [
        "url: must use https",
        "url: contains a fragment",
        "enabledEvents: is empty",
        "urll: unknown property",
    ]) {
        expect(bad.text).toContain(problem);
    }
    expectNoTrace(bad.text);

    stack.program(webhookProgram({ ...renders, enabledEvents: ["creator.sucess", "creator.fail"] }));
    const typing = await stack.preview();
    expect(typing).toMatchObject({ calls: ["events"] });
    expect(typing.code).not.toBe(0);
    expect(typing.text).toContain('unknown event "creator.sucess"; did you mean "creator.success"?');
    expect(typing.text).toContain('unknown event "creator.fail"; did you mean "creator.failure"?');
    expectNoTrace(typing.text);

    emulator.behave({ events: ["creator.success", "creator.failure", "creator.started"] });
    stack.program(webhookProgram({ ...renders, enabledEvents: ["creator.started"] }));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["events", "list", "register"] });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("a wrong key, a missing contract and a missing key say what to do", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    for (const [status, words] of [
        [401, "captions:apiKey"],
        [403, "enterprise contract"],
    ] as const) {
        emulator.inject({ endpoint: "list", kind: "error-before", status });
        const failed = await stack.up();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain(words);
        expectNoTrace(failed.text);
    }
    const keyless = await startProject(webhookProgram(renders), { env: { CAPTIONS_API_KEY: "" } });
    const failed = await keyless.stack.previewAndUp();
    expect(failed).toMatchObject({ calls: [] });
    expect(failed.code).not.toBe(0);
    expect(failed.preview).toContain("2 to create");
    expect(failed.preview).toContain(
        "captions: there is no API key: a preview works without one, `pulumi up` will not",
    );
    expect(failed.text).toContain("pulumi config set --secret captions:apiKey");
    expectNoTrace(failed.text);
    expect(emulator.webhooks).toEqual([]);
});

test("a server that is not there, and a base URL that is none, are told in a sentence", async () => {
    const { stack, emulator } = await startProject(webhookProgram(renders));
    await emulator.stop();
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("ECONNREFUSED");
    expectNoTrace(failed.text);
    const bad = await stack.preview("--config", "captions:baseUrl=http://api.example.com");
    expect(bad.code).not.toBe(0);
    expect(bad.text).toContain("captions:baseUrl must be an https URL");
    expectNoTrace(bad.text);
});

test("errors of refresh and destroy are sentences, too", async () => {
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
    emulator.behave({ secrets: "masked" });
    const refresh = await stack.refresh();
    expect(refresh.code).not.toBe(0);
    expect(refresh.text).toContain("no usable secret");
    expectNoTrace(refresh.text);
    emulator.behave({ secrets: "clear", deleteAnswersFalse: true });
    const destroy = await stack.destroy();
    expect(destroy.code).not.toBe(0);
    expect(destroy.text).toContain('{"success": false}');
    expectNoTrace(destroy.text);
    const [saved] = await stack.webhooks();
    expect(saved?.outputs.secret).toMatchObject({ ciphertext: expect.any(String) });
    expect(await stack.outputs()).toMatchObject({ secret: emulator.webhooks[0]?.secret });
    emulator.behave({ deleteAnswersFalse: false });
    expect(await stack.destroy()).toMatchObject({ code: 0 });
});

test("a wait that the API asks for is shown, with how long and why", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    emulator.inject({ endpoint: "register", kind: "rate-limited", status: 429, retryAfter: 1 });
    const up = await stack.up();
    expect(up.code).toBe(0);
    expect(up.text).toMatch(/captions: the API asks to wait 1 s \(too many calls, status 429\)/);
});
