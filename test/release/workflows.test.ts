import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hostPlatform, platforms } from "../../release/platforms";
import { assetName, version } from "../../release/plugin";
import { goTool } from "../gitops/support/tools";
import { type Job, Runner, standIn, type Workflow, workflows } from "./support/workflow";

const root = join(__dirname, "../..");
const jobs = [...workflows].flatMap(([file, workflow]) =>
    Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, workflow, job })),
);
const steps = jobs.flatMap(({ name, job }) => job.steps.map((step) => ({ job: name, ...step })));

describe("the workflows", () => {
    test("actionlint finds nothing", async ({ skip }) => {
        const actionlint = await goTool("actionlint");
        if (actionlint === undefined) return skip("actionlint is built with Go, which is not on this machine");
        const files = [...workflows.keys()].map((file) => join(root, ".github/workflows", file));
        // Neither of the two is everywhere, so that it must not depend on them.
        const { stdout } = await promisify(execFile)(actionlint, ["-shellcheck=", "-pyflakes=", ...files]);
        expect(stdout).toBe("");
    });

    test("no step puts what others can write into a script: expressions are in `env` only", () => {
        expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
    });

    test("actions are pinned by commit, with the version that it is of, and Dependabot keeps them up to date", () => {
        const texts = [...workflows.keys()].map((file) => readFileSync(join(root, ".github/workflows", file), "utf8"));
        const used = texts.flatMap((text) => [...text.matchAll(/uses: (.*)/g)].map(([, action = ""]) => action));
        expect(used.length).toBeGreaterThan(10);
        expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
        const { updates } = parse(readFileSync(join(root, ".github/dependabot.yml"), "utf8"));
        expect(updates).toEqual([expect.objectContaining({ "package-ecosystem": "github-actions", directory: "/" })]);
    });

    test("each job may do only what it needs, and who may publish runs nothing of this repository", () => {
        const permissions = jobs.map(({ name, workflow, job }) => [name, job.permissions ?? workflow.permissions]);
        expect(Object.fromEntries(permissions)).toEqual({
            "ci.yml: test": { contents: "read" },
            "ci.yml: elsewhere": { contents: "read" },
            "release.yml: packages": { contents: "read" },
            "release.yml: plugin": { contents: "read" },
            "release.yml: npm": { "id-token": "write" },
            "release.yml: pypi": { "id-token": "write" },
            "release.yml: assets": { contents: "write" },
        });
        for (const { name, job } of jobs) {
            const checkouts = job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
            expect([name, checkouts.length]).toEqual([name, job.permissions === undefined ? 1 : 0]);
            for (const checkout of checkouts) expect(checkout.with).toEqual({ "persist-credentials": false });
        }
    });

    test("no secret is stored, and the token that writes releases is only where they are written", () => {
        const text = JSON.stringify([...workflows.values()]);
        expect(text).not.toContain("secrets.");
        const withToken = steps.filter(({ env }) => JSON.stringify(env ?? {}).includes("github.token"));
        expect(withToken.map(({ job, name }) => [job, name])).toEqual([["release.yml: assets", "Publish"]]);
    });

    test("npm comes first, then PyPI, then the plugin's tarballs, each only after all are made", () => {
        const { jobs: inOrder } = workflowOf("release.yml");
        const needs = Object.entries(inOrder).map(([name, job]) => [name, job.needs]);
        expect(needs).toEqual([
            ["packages", undefined],
            ["plugin", undefined],
            ["npm", ["packages", "plugin"]],
            ["pypi", "npm"],
            ["assets", "pypi"],
        ]);
    });

    test("each platform's executable is made and started on that platform", () => {
        const matrix = jobOf("release.yml", "plugin").strategy?.matrix.include ?? [];
        expect(matrix.map(({ platform }) => platform)).toEqual(platforms.map(({ name }) => name));
    });
});

describe("what the workflows run", () => {
    let folder: string;
    let clone: string;
    let runner: Runner;
    const tried = { eventName: "workflow_dispatch", matrix: { platform: hostPlatform().name } };
    const tagged = { eventName: "push", tag: `v${version}` };

    /** What is committed, with the packages beside it, as after `npm ci`. */
    beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), "pulumi-captions-workflows-"));
        clone = join(folder, "workspace");
        execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${root}`, clone]);
        mkdirSync(join(clone, "node_modules"));
        // Not the folder as a whole: what a set-up notes in it is about one checkout.
        for (const name of readdirSync(join(root, "node_modules"))) {
            if (["pulumi-captions", ".pulumi-captions", ".package-lock.json"].includes(name)) continue;
            symlinkSync(join(root, "node_modules", name), join(clone, "node_modules", name));
        }
        copyFileSync(join(root, "node_modules/.package-lock.json"), join(clone, "node_modules/.package-lock.json"));
        runner = new Runner(folder, clone, process.env.PATH ?? "");
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    describe("in a release", () => {
        beforeAll(async () => {
            await runner.run("release.yml", "packages", tried);
            await runner.run("release.yml", "plugin", tried);
        }, 600_000);

        test("started by hand, it makes everything and publishes nothing", async () => {
            const npm = await runner.run("release.yml", "npm", tried);
            const pypi = await runner.run("release.yml", "pypi", tried);
            const assets = await runner.run("release.yml", "assets", tried);
            expect(npm.at(-1)?.text).toContain(`+ pulumi-captions@${version}`);
            expect([...npm, ...pypi, ...assets].filter(({ step }) => step === "Publish")).toEqual([]);
            expect(readdirSync(join(folder, "pypi/dist")).sort()).toEqual([
                `pulumi_captions-${version}-py3-none-any.whl`,
                `pulumi_captions-${version}.tar.gz`,
            ]);
            const made = ["SHA256SUMS", assetName(hostPlatform())];
            expect(readdirSync(join(folder, "assets")).sort()).toEqual(made.sort());
            execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: join(folder, "assets") });
            const manifest = ["-xzOf", `npm/pulumi-captions-${version}.tgz`, "package/package.json"];
            const { repository } = JSON.parse(execFileSync("tar", manifest, { cwd: folder, encoding: "utf8" }));
            // As npm compares it with the provenance.
            expect(repository.url).toBe("git+https://github.example/acme/captions.git");
        });

        test("a tag publishes what was made", async () => {
            const bin = join(folder, "publishing");
            const [npm, gh] = [standIn(bin, "npm"), standIn(bin, "gh")];
            const publishing = new Runner(folder, clone, `${bin}:${process.env.PATH}`);
            await publishing.run("release.yml", "npm", tagged);
            const pypi = await publishing.run("release.yml", "pypi", tagged);
            await publishing.run("release.yml", "assets", tagged);
            const tarball = `./pulumi-captions-${version}.tgz`;
            expect(readFileSync(npm, "utf8")).toBe(
                `publish --dry-run ${tarball}\npublish --provenance --access public ${tarball}\n`,
            );
            expect(pypi.map(({ step }) => step)).toContain("Publish");
            const files = `${assetName(hostPlatform())} SHA256SUMS`;
            expect(readFileSync(gh, "utf8")).toBe(
                `release create v${version} --verify-tag --generate-notes -- ${files}\n`,
            );
        });

        test("a tag of another version makes nothing", async () => {
            const wrong = runner.run("release.yml", "packages", { ...tagged, tag: "v9.9.9" });
            await expect(wrong).rejects.toThrow(`The tag is v9.9.9, the version in package.json ${version}.`);
        });
    });

    test("CI on Linux runs the README's test command", async () => {
        const bin = join(folder, "bin");
        const calls = standIn(bin, "npm", "3 passed, 0 failed");
        const linux = new Runner(folder, clone, `${bin}:${process.env.PATH}`);
        const done = await linux.run("ci.yml", "test", { eventName: "push" });
        expect(done.at(-1)?.text.trim().split("\n").at(-1)).toBe("3 passed, 0 failed");
        expect(readFileSync(calls, "utf8")).toBe("test\n");
    });

    test("CI elsewhere runs unit tests, and makes the plugin and starts it", { timeout: 300_000 }, async () => {
        const done = await runner.run("ci.yml", "elsewhere", { ...tried, env: { FOLDERS: "test/probe/url.test.ts" } });
        const text = done.map((step) => step.text).join("\n");
        expect(text).toMatch(/Test Files +\d+ passed/);
        expect(text).toMatch(`${assetName(hostPlatform())}: `);
        expect(text).toContain("answers after");
    });
});

function workflowOf(file: string): Workflow {
    const workflow = workflows.get(file);
    if (workflow === undefined) throw new Error(`There is no ${file}`);
    return workflow;
}

function jobOf(file: string, name: string): Job {
    const job = workflowOf(file).jobs[name];
    if (job === undefined) throw new Error(`${file} has no job ${name}`);
    return job;
}
