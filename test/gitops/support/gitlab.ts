import { execFile } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { parse } from "yaml";
import { example, passphrase, type World } from "./world";

type Texts = Readonly<Record<string, string>>;

export interface Job {
    readonly script: readonly string[];
    readonly before_script?: readonly string[];
    readonly after_script?: readonly string[];
    readonly variables?: Texts;
    readonly resource_group?: string;
}

const host = "gitlab.example";
const token = "glpat-4FkQz8Xw2LmN";

/** Which jobs a pipeline with these variables has, as the program `gitlab-ci-local` says, which checks the schema first. */
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

interface Note {
    readonly id: number;
    readonly author: { readonly id: number };
    body: string;
}

interface Issue {
    readonly iid: number;
    state: "opened" | "closed";
    readonly title: string;
    readonly description: string;
    readonly labels: string;
    readonly notes: string[];
}

/**
 * A stand-in for GitLab: the endpoints of its API that the pipeline uses, over HTTP, and a runner. The runner carries out a job's
 * lines as they are written, in a fresh checkout: `before_script` and `script` in one shell, `after_script` in another.
 */
export class GitLab {
    readonly notes: Note[] = [];
    readonly issues: Issue[] = [];
    readonly #server = createServer((request, response) => void this.#answer(request, response));
    #url = "";

    static async start(world: World): Promise<GitLab> {
        const gitlab = new GitLab(world);
        gitlab.#server.listen(0, "127.0.0.1");
        await once(gitlab.#server, "listening");
        gitlab.#url = `http://127.0.0.1:${(gitlab.#server.address() as AddressInfo).port}/api/v4`;
        // A push to the hosting's address arrives at the repository.
        const address = `https://oauth2:${token}@${host}/acme/webhooks.git`;
        appendFileSync(join(world.folder, "gitconfig"), `[url "${world.origin}"]\ninsteadOf = ${address}\n`);
        return gitlab;
    }

    private constructor(private readonly world: World) {}

    stop(): void {
        this.#server.closeAllConnections();
        this.#server.close();
    }

    /**
     * @param variables what differs from a pipeline of main
     * @param withSecrets false in a fork's pipeline, which has no variable of the project
     */
    async run(
        name: string,
        ref: string,
        variables: Texts = {},
        withSecrets = true,
    ): Promise<{ code: number; text: string }> {
        const { world } = this;
        const folder = world.checkout(ref);
        const pipeline = parse(readFileSync(join(example, ".gitlab-ci.yml"), "utf8"));
        const job: Job = pipeline[name];
        const given: Record<string, string> = {
            ...world.environment(),
            CI: "true",
            CI_API_V4_URL: this.#url,
            CI_DEFAULT_BRANCH: "main",
            CI_JOB_URL: `https://${host}/acme/webhooks/-/jobs/4711`,
            CI_PROJECT_ID: "42",
            CI_PROJECT_PATH: "acme/webhooks",
            CI_SERVER_HOST: host,
            CI_SERVER_PROTOCOL: "https",
            ...pipeline.variables,
            ...(withSecrets
                ? {
                      CAPTIONS_API_KEY: world.emulator.apiKey,
                      GITLAB_TOKEN: token,
                      PULUMI_BACKEND_URL: world.backend,
                      PULUMI_CONFIG_PASSPHRASE: passphrase,
                  }
                : {}),
            ...variables,
        };
        const env = { ...given };
        for (const [key, value] of Object.entries(job.variables ?? {})) {
            env[key] = String(value).replace(/\$(\w+)/g, (_, variable: string) => given[variable] ?? "");
        }
        const lines = [...(job.before_script ?? pipeline.default.before_script), ...job.script];
        const strict = ["-eo", "pipefail"];
        const ran = await world.bash(lines.join("\n"), strict, folder, env);
        const after = await world.bash((job.after_script ?? []).join("\n"), strict, folder, {
            ...env,
            CI_JOB_STATUS: ran.code === 0 ? "success" : "failed",
        });
        if (existsSync(join(folder, "plan.md")))
            world.mustNotLeak("plan.md", readFileSync(join(folder, "plan.md"), "utf8"));
        world.mustNotLeak("the hosting", JSON.stringify([this.notes, this.issues]));
        return { code: ran.code, text: ran.text + after.text };
    }

    async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { pathname, searchParams } = new URL(request.url ?? "", this.#url);
        const path = pathname.replace("/api/v4", "");
        const content = await text(request);
        const found =
            request.headers["private-token"] === token
                ? this.#call(`${request.method} ${path}`, searchParams, content === "" ? {} : JSON.parse(content))
                : undefined;
        response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(found ?? {}));
    }

    #call(call: string, search: URLSearchParams, body: Record<string, string>): unknown {
        const page = Number(search.get("page") ?? 1);
        const some = <T>(all: readonly T[]): readonly T[] => all.slice((page - 1) * 100, page * 100);
        if (call === "GET /user") return { id: 1 };
        const notes = "/projects/42/merge_requests/7/notes";
        if (call === `GET ${notes}`) return some(this.notes);
        if (call === `POST ${notes}`) {
            return this.notes.push({ id: this.notes.length + 1, author: { id: 1 }, body: body.body ?? "" });
        }
        const note = new RegExp(`^PUT ${notes}/(\\d+)$`).exec(call)?.[1];
        if (note !== undefined) return Object.assign(this.notes[Number(note) - 1] ?? {}, { body: body.body });
        const issues = "/projects/42/issues";
        if (call === `GET ${issues}`) {
            const state = search.get("state");
            return some(this.issues.filter((one) => one.state === state && one.labels === search.get("labels")));
        }
        if (call === `POST ${issues}`) {
            const { title = "", description = "", labels = "" } = body;
            return this.issues.push({
                iid: this.issues.length + 1,
                state: "opened",
                title,
                description,
                labels,
                notes: [],
            });
        }
        const [, method, iid, below] = new RegExp(`^(PUT|POST) ${issues}/(\\d+)(/notes)?$`).exec(call) ?? [];
        const issue = this.issues[Number(iid) - 1];
        if (method === "POST" && below && issue) return issue.notes.push(body.body ?? "");
        if (method === "PUT" && !below && issue && body.state_event === "close") {
            return Object.assign(issue, { state: "closed" });
        }
        return undefined;
    }
}
