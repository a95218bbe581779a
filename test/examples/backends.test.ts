import { expect, test } from "vitest";
import { copyExample, temporaryFolder } from "./support/examples";
import { gateBefore } from "./support/gate";
import { startAws } from "./support/moto";
import { startPostgres } from "./support/postgres";
import { emulatorForTest, Project } from "./support/project";

async function s3(): Promise<Record<string, string>> {
    const { endpoint, env } = await startAws();
    const created = await fetch(`${endpoint}/team-states`, { method: "PUT" });
    expect(created.status).toBe(200);
    const query = `endpoint=${new URL(endpoint).host}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1`;
    return { ...env, PULUMI_BACKEND_URL: `s3://team-states?${query}` };
}

async function postgres(): Promise<Record<string, string>> {
    return { PULUMI_BACKEND_URL: await startPostgres() };
}

test.each([
    ["PostgreSQL", postgres],
    ["S3", s3],
])(
    "with the state in %s, the second of two runs is told that the stack is locked, and nothing is registered twice",
    async (_, start) => {
        const [backend, emulator, folder] = await Promise.all([
            start(),
            emulatorForTest(),
            copyExample("cross-stack/infrastructure"),
        ]);
        const gate = await gateBefore(emulator.baseUrl);
        const env = { ...backend, CAPTIONS_BASE_URL: gate.baseUrl };
        const one = await Project.create({ folder, home: temporaryFolder("home"), emulator, env });
        one.config({ url: "https://api.example.com/hooks/captions" });
        // A colleague on another machine: all that the two share is the backend.
        const other = Project.existing({ folder, home: temporaryFolder("home"), emulator, env });

        const first = one.up();
        await Promise.race([gate.holding, first]);
        const second = await other.up();
        expect(second.code).not.toBe(0);
        expect(second.text).toContain("the stack is currently locked by 1 lock(s)");
        gate.open();
        expect(await first).toMatchObject({ code: 0 });
        expect(emulator.countCalls("register")).toBe(1);

        // The colleague sees what the first run did, and has nothing to do.
        expect((await other.up("--expect-no-changes")).code).toBe(0);
        expect((await other.outputs()).secrets).toEqual(emulator.webhooks.map(({ secret }) => secret));
        await other.succeed("destroy");
        expect(emulator.webhooks).toEqual([]);
    },
);
