import { expect, test } from "vitest";
import { copyExample, temporaryFolder } from "./support/examples";
import { emulatorForTest, Project } from "./support/project";

test("rotation: a nightly `up` rotates and retires by the calendar, and on other nights does nothing", {
    timeout: 240_000,
}, async () => {
    const emulator = await emulatorForTest();
    const project = await Project.create({
        folder: await copyExample("rotation"),
        home: temporaryFolder("home"),
        emulator,
    });
    const night = async (today: string) => {
        const before = emulator.countCalls();
        await project.config({ today });
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
