import { expect, test } from "vitest";
import { cachedSecrets } from "../../../receiver";
import { balance, fastClock, instance } from "../../probe/support";
import { type Project, renders, startProject } from "../../support/project";
import { cli, exit, leaks, reach, serve, serveReceiver, start } from "../support";

const newest = "whsec_newest-Qm4TzYb1Kd6XqR2m";
const older = "whsec_older-8sLw4Vn0PaBc7Tr";

/** A project on the real engine whose stack exports both secrets, and nothing else. */
async function startExporting(): Promise<Project> {
    const project = await startProject(`module.exports = { secrets: pulumi.secret(["${newest}", "${older}"]) };`);
    await project.stack.up();
    return project;
}

test("on the real engine: what a stack exports is delivered, and a receiver that lags behind a rotation is found", async () => {
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
    expect(good.stdout).toContain("The secret was accepted, and a wrong one was rejected, in one delivery each.");
    expect(good.stdout).toContain("All checks passed. For several instances");

    stack.program(program("b", "a"));
    expect(await stack.up()).toMatchObject({ code: 0 });
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    const late = await cli(["deliver", ...args, "--json"], { env });
    expect(late.code).toBe(exit.bad);
    expect(JSON.parse(late.stdout)).toMatchObject({
        ok: false,
        url: `${new URL(url).origin}/…`,
        event: "pulumi-captions.test",
        trials: [
            { secret: "newest", expected: "accepted", ok: false, outcome: "rejected", status: 401 },
            { secret: "2nd", ok: true },
            { secret: "wrong", expected: "rejected", ok: true },
        ],
    });

    known = secrets;
    const handling = await cli(["deliver", ...args, "--event", "creator.success", "--output", "secrets"], { env });
    expect(handling).toMatchObject({ code: exit.good });
    expect(handed).toHaveLength(2);

    const missing = await cli(["deliver", ...args, "--output", "secret"], { env });
    expect(missing).toMatchObject({ code: exit.bad });
    expect(missing.stderr).toContain("(its outputs: secrets, url)");
    for (const result of [good, late, handling, missing]) {
        expect(leaks(result, secrets)).toEqual([]);
    }
});

test("--body: a recorded event is handed on once, with what a stack exports, and its repeat is accepted", async () => {
    const { args, env } = await reach(await startExporting());
    const { url, handed } = await serveReceiver([newest, older]);
    const body = { event: "creator.success", operationId: "op_1", url: "https://x.example/?signed", creditsSpent: 12 };
    for (const _time of ["first", "again"]) {
        const input = JSON.stringify(body);
        const result = await cli(["deliver", ...args, "--url", url, "--body", "-"], { env, input });
        expect(result).toMatchObject({ code: exit.good, stderr: "" });
        expect(result.stdout).toContain("Delivered creator.success (op_1)");
        expect(leaks(result, [newest, older, body.url])).toEqual([]);
    }
    expect(handed).toEqual([{ ...body, raw: body }]);
});

test("--wait: repeated until the checks have passed for a time, given up at the end, or at once where it is hopeless", async () => {
    const { args, env } = await reach(await startExporting());
    const clock = fastClock();
    const learning = await serve(instance(() => (clock.now() >= 100_000 ? [newest, older] : [older])));
    const late = await cli(["deliver", ...args, "--url", learning, "--wait", "900"], { env, clock });
    expect(late).toMatchObject({ code: exit.good });
    expect(late.stderr).toMatch(
        /^(Not yet: the newest secret was answered 401\. Retrying for up to \d+ s more\.\n)+As expected so far\. Checking that it stays so for 60 s, for up to \d+ s more\.\n$/,
    );
    expect(late.stdout).toMatch(/without exception for 6\d s \(\d+ rounds\)\./);
    expect(late.stdout).not.toMatch(/every/);

    const { url } = await serveReceiver(older);
    const never = await cli(["deliver", ...args, "--url", url, "--wait", "60"], { env, clock: fastClock() });
    expect(never).toMatchObject({ code: exit.bad });
    expect(never.stdout).toContain("before you drop an older secret");

    const open = await serve((_, response) => response.end());
    const hopeless = await cli(["deliver", ...args, "--url", open, "--wait", "600"], { env, clock: fastClock() });
    expect(hopeless).toMatchObject({ code: exit.bad, stderr: "" });
    expect(hopeless.stdout).toContain("anyone can forge deliveries");
    for (const result of [late, never, hopeless]) {
        expect(leaks(result, [newest, older])).toEqual([]);
    }
});

test("five instances behind a balancer, of which one knows the secret: neither --wait, --steady nor --instances is content", async () => {
    const { args, env } = await reach(await startExporting());
    const url = await balance(
        [0, 1, 2, 3, 4].map((index) => instance(() => (index === 0 ? [newest, older] : [older]), `i${index}`)),
    );
    for (const extent of [
        ["--wait", "600"],
        ["--steady", "60"],
        ["--instances", "5"],
    ]) {
        const result = await cli(["deliver", ...args, "--url", url, ...extent], { env, clock: fastClock() });
        expect(result.code).toBe(exit.bad);
        expect(result.stdout).toContain("The newest secret was rejected (401)");
    }
    const all = await balance([0, 1, 2, 3, 4].map((index) => instance(() => [newest, older], `i${index}`)));
    const proven = await cli(["deliver", ...args, "--url", all, "--instances", "5"], { env, clock: fastClock() });
    expect(proven.code).toBe(exit.good);
    expect(proven.stdout).toContain("by 5 instances");
});

test("--url several times: each has its own table and verdict, and the JSON names where each was delivered", async () => {
    const { args, env } = await reach(await startExporting());
    const urls = [await serve(instance(() => [newest, older])), await serve(instance(() => [older]))] as const;
    const both = ["--url", urls[0], "--url", urls[1]];
    const text = await cli(["deliver", ...args, ...both], { env });
    expect(text.code).toBe(exit.bad);
    for (const url of urls) {
        expect(text.stdout).toContain(`Delivered pulumi-captions.test to ${new URL(url).origin}/…`);
    }
    expect(text.stdout).toMatch(/The 2 secrets were accepted.*The newest secret was rejected/s);
    const json = JSON.parse((await cli(["deliver", ...args, ...both, "--json"], { env })).stdout);
    expect(json.trials).toHaveLength(6);
    expect(json.targets).toMatchObject([
        { url: `${new URL(urls[0]).origin}/…`, ok: true },
        { url: `${new URL(urls[1]).origin}/…`, ok: false },
    ]);
});

test("the report is a table of 80 columns, in colours only where they are wanted", async () => {
    const { args, env } = await reach(await startExporting());
    const { url } = await serveReceiver("whsec_another");
    const result = await cli(["deliver", ...args, "--url", `${url}?token=abc`], { env, columns: 80, colours: true });
    expect(result).toMatchObject({ code: exit.bad, stderr: "" });
    expect(result.stdout).toContain("\u001b[31m");
    expect(result.stdout).not.toContain("token=abc");
    expect(leaks(result, [newest, older])).toEqual([]);
});
