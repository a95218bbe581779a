import { expect, test } from "vitest";
import { onDay } from "./support/clock";
import { copyExample, temporaryFolder } from "./support/examples";
import { emulatorForTest, Project, type ProjectOptions } from "./support/project";

async function rotationProject() {
    const emulator = await emulatorForTest();
    const options: ProjectOptions = {
        folder: await copyExample("rotation"),
        home: temporaryFolder("home"),
        emulator,
    };
    const project = await Project.create(options);
    await project.config({ url: "https://api.example.com/hooks/captions" });
    const withEnv = (env: Readonly<Record<string, string>>) => Project.existing({ ...options, env });
    return { emulator, project, withEnv };
}

test("rotation: a nightly `up` rotates and retires by the calendar, and on other nights does nothing", {
    timeout: 240_000,
}, async () => {
    const { emulator, withEnv } = await rotationProject();
    const night = async (day: string) => {
        const before = emulator.countCalls();
        const project = withEnv(onDay(day));
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
