import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hurryDeliveryCheck } from "../support/hurry-delivery-check";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { startProgram } from "./support/processes";
import { emulatorForTest, Project } from "./support/project";

test("cross-stack: deployed first, the receiver rejects everything, and then takes the secrets; a stack that is missing changes nothing", {
    timeout: 480_000,
}, async () => {
    const emulator = await emulatorForTest();
    const home = temporaryFolder("home");
    const infrastructureFolder = await copyExample("cross-stack/infrastructure");
    hurryDeliveryCheck(infrastructureFolder);
    const receiverFolder = await copyExample("cross-stack/receiver");
    const secretsFile = join(home, "secrets.json");
    const infrastructure = await Project.create({ folder: infrastructureFolder, home, emulator });
    const receiver = await Project.create({ folder: receiverFolder, home, emulator });
    receiver.config({ file: secretsFile });

    // The receiver first: it runs, and takes nothing, but asks for each delivery again.
    expect(await receiver.succeed()).toContain("the receiver rejects every delivery");
    expect(readFileSync(secretsFile, "utf8")).toBe("[]");
    expect(statSync(secretsFile).mode & 0o777).toBe(0o600);
    const tsx = join(root, "node_modules/tsx/dist/loader.mjs");
    const server = await startProgram(process.execPath, ["--import", tsx, "server.ts"], /^Listening on (http:\S+)$/m, {
        cwd: receiverFolder,
        env: { ...process.env, SECRETS_FILE: secretsFile, PORT: "0" },
    });
    const url = server.match[1] ?? "";
    const guess = { method: "POST", headers: { authorization: "Bearer undefined" }, body: "{}" };
    expect((await fetch(url, guess)).status).toBe(503);

    // A stack that exports nothing yet is an error that says so, and the receiver keeps what it has.
    receiver.config({ infrastructure: "organization/captions-infrastructure/test" });
    const tooEarly = await receiver.up();
    expect(tooEarly.code).not.toBe(0);
    expect(tooEarly.text).toContain("has no output `secrets`. Run `pulumi up` there first.");

    // Then the infrastructure, then the receiver again: deliveries are accepted, without a restart.
    infrastructure.config({ url });
    await infrastructure.succeed();
    await receiver.succeed();
    const deliver = async () => {
        const deliveries = await emulator.finishVideo(emulator.submitVideo(), "success");
        return deliveries.map(({ status }) => status);
    };
    expect(await deliver()).toEqual([200]);

    // A rotation in its two steps: with both generations each event comes twice, and is taken by one secret at least.
    infrastructure.config({ generations: '["second", "first"]' });
    await infrastructure.succeed();
    expect((await deliver()).sort()).toEqual([200, 401]);
    // Whoever forgets the receiver's `up` in between: the old generation stays.
    infrastructure.config({ generations: '["second"]' });
    const forgotten = await infrastructure.up();
    expect(forgotten.code).not.toBe(0);
    expect(forgotten.text).toContain("Nothing is deleted in this run");
    expect(emulator.webhooks).toHaveLength(2);
    infrastructure.config({ generations: '["second", "first"]' });
    await infrastructure.succeed();
    await receiver.succeed();
    expect(await deliver()).toEqual([200, 200]);
    infrastructure.config({ generations: '["second"]' });
    await infrastructure.succeed();
    expect(await deliver()).toEqual([200]);
    await receiver.succeed();
    expect(JSON.parse(readFileSync(secretsFile, "utf8"))).toEqual(emulator.webhooks.map(({ secret }) => secret));
    expect(server.output().match(/creator\.success/g)).toHaveLength(4);

    // The infrastructure is gone: an error, and the receiver's file stays.
    await infrastructure.succeed("destroy");
    const afterwards = await receiver.up();
    expect(afterwards.code).not.toBe(0);
    expect(JSON.parse(readFileSync(secretsFile, "utf8"))).toHaveLength(1);
});

test("cross-stack: with the infrastructure deployed first, one `up` of the receiver is all", async () => {
    const emulator = await emulatorForTest();
    const home = temporaryFolder("home");
    const secretsFile = join(home, "secrets.json");
    const infrastructure = await Project.create({
        folder: await copyExample("cross-stack/infrastructure"),
        home,
        emulator,
    });
    infrastructure.config({ url: "https://api.example.com/hooks/captions" });
    await infrastructure.succeed();
    const receiver = await Project.create({ folder: await copyExample("cross-stack/receiver"), home, emulator });
    receiver.config({ file: secretsFile, infrastructure: "organization/captions-infrastructure/test" });
    await receiver.succeed();
    expect(JSON.parse(readFileSync(secretsFile, "utf8"))).toEqual(emulator.webhooks.map(({ secret }) => secret));
    await receiver.succeed("destroy");
    expect(() => statSync(secretsFile)).toThrow();
});
