import { expect, test } from "vitest";
import { hurryDeliveryCheck } from "../support/hurry-delivery-check";
import { quickTypeScript } from "../support/quick-typescript";
import { onDay } from "./support/clock";
import { copyExample, temporaryFolder } from "./support/examples";
import { emulatorForTest, Project, type ProjectOptions } from "./support/project";
import { startReceiver } from "./support/receiver";

async function rotationProject(url = "https://api.example.com/hooks/captions") {
    const emulator = await emulatorForTest();
    const options: ProjectOptions = {
        folder: await copyExample("rotation"),
        home: temporaryFolder("home"),
        emulator,
    };
    hurryDeliveryCheck(options.folder);
    const project = await Project.create(options);
    project.config({ url });
    const withEnv = (env: Readonly<Record<string, string>>) => Project.existing({ ...options, env });
    return { emulator, project, withEnv };
}

test("rotation: a nightly `up` rotates and retires by the calendar, and on other nights does nothing", {
    timeout: 240_000,
}, async () => {
    const receiver = await startReceiver(() => emulator.webhooks.map(({ secret }) => secret));
    const { emulator, withEnv } = await rotationProject(receiver.url);
    const night = async (day: string) => {
        const before = emulator.countCalls();
        const project = withEnv(onDay(day, quickTypeScript));
        await project.succeed();
        const { generations, secrets } = await project.outputs();
        expect(secrets).toEqual(emulator.webhooks.map(({ secret }) => secret).reverse());
        return { generations, calls: emulator.countCalls() - before };
    };
    expect((await night("2026-09-03")).generations).toEqual(["2026-06-06"]);
    const old = emulator.webhooks[0];
    expect((await night("2026-09-04")).generations).toEqual(["2026-09-04", "2026-06-06"]);
    expect(emulator.webhooks[0]).toEqual(old);
    expect(await night("2026-09-10")).toEqual({ generations: ["2026-09-04", "2026-06-06"], calls: 0 });
    expect((await night("2026-09-11")).generations).toEqual(["2026-09-04"]);
    expect(emulator.countCalls("update")).toBe(0);
});

test("rotation: receivers that never take the new secret keep the old one, however late the `up`; left out, nobody is asked", {
    timeout: 240_000,
}, async () => {
    let known: readonly string[] | undefined;
    const live = () => emulator.webhooks.map(({ secret }) => secret);
    const receiver = await startReceiver(() => known ?? live());
    const { emulator, project, withEnv } = await rotationProject(receiver.url);
    await withEnv(onDay("2026-09-03", quickTypeScript)).succeed();
    const [old] = emulator.webhooks;
    known = live();

    // In time, so it is registered beside the old one, and nobody is asked yet.
    const asked = receiver.requests();
    await withEnv(onDay("2026-09-04", quickTypeScript)).succeed();
    expect(receiver.requests()).toBe(asked);
    for (const args of [[], ["--refresh"]]) {
        const late = await withEnv(onDay("2026-09-28", quickTypeScript)).up(...args);
        expect(late.code).not.toBe(0);
        expect(late.text).toContain("Nothing is deleted in this run");
        expect(emulator.webhooks).toMatchObject([old, {}]);
    }
    known = undefined;
    await withEnv(onDay("2026-09-28", quickTypeScript)).succeed();
    expect(emulator.webhooks).toMatchObject([{ id: expect.not.stringMatching(`^${old?.id}$`) }]);

    project.config({ deliveryCheck: "false" });
    known = [];
    const before = receiver.requests();
    await withEnv(onDay("2026-12-03", quickTypeScript)).succeed();
    await withEnv(onDay("2026-12-11", quickTypeScript)).succeed();
    expect(receiver.requests()).toBe(before);
});

test("rotation: a look at another day is a preview only: it saves nothing, and an `up` for that day is rejected", async () => {
    const { emulator, project, withEnv } = await rotationProject();
    const day = withEnv({ PREVIEW_DATE: "2040-01-01" });
    const preview = await day.run("preview");
    expect(preview).toMatchObject({ code: 0 });
    expect(preview.text).toContain("renders-2039-");
    const up = await day.up();
    expect(up.code).not.toBe(0);
    expect(up.text).toContain("Unset it, then run `pulumi up` again.");
    expect(emulator.countCalls()).toBe(0);
    expect((await project.run("preview")).text).not.toContain("renders-2039-");

    for (const impossible of ["2027-02-30", "tomorrow", "1969-01-01"]) {
        const { code, text } = await withEnv({ PREVIEW_DATE: impossible }).run("preview");
        expect(code).not.toBe(0);
        expect(text).toContain(`error: PREVIEW_DATE: "${impossible}" is not a date. Write it like 2027-03-04.`);
        expect(text).not.toMatch(/unhandled|now:|index\.ts/);
    }
});
