import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { example, passphrase, type World } from "./world";

type Texts = Readonly<Record<string, string>>;

export interface Job {
    readonly script: readonly string[];
    readonly before_script?: readonly string[];
    readonly after_script?: readonly string[];
    readonly variables?: Texts;
    readonly artifacts?: { readonly paths: readonly string[] };
}

/**
 * Which jobs a pipeline with these variables has, as the program `gitlab-ci-local` says, which checks the schema first.
 */
export async function jobsOf(folder: string, variables: Texts): Promise<string[]> {
    const given = Object.entries({ CI_DEFAULT_BRANCH: "main", CI_COMMIT_BRANCH: "", ...variables });
    const args = given.flatMap(([name, value]) => ["--variable", `${name}=${value}`]);
    const printed = await gitlabCiLocal(folder, ["--list-json", ...args]);
    // Remarks come first.
    const json = printed.slice(printed.search(/^\[(\]|$)/m));
    const listed: readonly { readonly name: string; readonly when: string }[] = JSON.parse(json);
    return listed.filter(({ when }) => when !== "never").map(({ name }) => name);
}

async function gitlabCiLocal(folder: string, args: readonly string[]): Promise<string> {
    const manifest = createRequire(__filename).resolve("gitlab-ci-local/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
    const program = join(dirname(manifest), typeof bin === "string" ? bin : bin["gitlab-ci-local"]);
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder });
    return stdout;
}

/**
 * A stand-in for GitLab's runner. It carries out a job's lines as they are written, in a checkout as GitLab makes it:
 * `before_script` and `script` in one shell, `after_script` in another.
 */
export class GitLab {
    constructor(private readonly world: World) {}

    /**
     * @param ref the commit of the pipeline
     * @param variables what differs from a pipeline of main
     * @param withSecrets false in a fork's pipeline, which has no variable of the project
     */
    async run(
        name: string,
        ref: string,
        variables: Texts = {},
        { withSecrets = true, cancel }: { readonly withSecrets?: boolean; readonly cancel?: AbortSignal } = {},
    ): Promise<{ code: number; text: string; plan: string | undefined }> {
        const { world } = this;
        const pipeline = parse(readFileSync(join(example, ".gitlab-ci.yml"), "utf8"));
        const job: Job = { ...pipeline[pipeline[name].extends], ...pipeline[name] };
        const folder = join(world.folder, `build-${name}`);
        // GitLab's own default depth for a project.
        world.checkout(ref, folder, Number(job.variables?.GIT_DEPTH ?? 20));
        const env: Record<string, string> = {
            ...world.environment(),
            CI: "true",
            CI_DEFAULT_BRANCH: "main",
            ...pipeline.variables,
            ...job.variables,
            ...(withSecrets
                ? {
                      CAPTIONS_API_KEY: world.emulator.apiKey,
                      PULUMI_BACKEND_URL: world.backend,
                      PULUMI_CONFIG_PASSPHRASE: passphrase,
                  }
                : {}),
            ...variables,
        };
        const strict = ["-eo", "pipefail"];
        const lines = [...(job.before_script ?? []), ...job.script];
        const ran = await world.bash(lines.join("\n"), strict, folder, env, cancel);
        const status = cancel?.aborted ? "canceled" : ran.code === 0 ? "success" : "failed";
        const after = await world.bash((job.after_script ?? []).join("\n"), strict, folder, {
            ...env,
            CI_JOB_STATUS: status,
        });
        const artifact = join(folder, job.artifacts?.paths[0] ?? "");
        const plan = job.artifacts !== undefined && existsSync(artifact) ? readFileSync(artifact, "utf8") : undefined;
        world.mustNotLeak("the artifact", plan ?? "");
        return { code: ran.code, text: ran.text + after.text, plan };
    }
}
