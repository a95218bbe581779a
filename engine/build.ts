import { cpSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CLI, LANGUAGE_HOST } from "./check";
import { findOnPath, homeFolder, run } from "./processes";
import { type Reporter, withProgress } from "./progress";
import { atLeast, CLI_GO, CLI_VERSION, LANGUAGE_HOST_VERSION, OLDEST_GO } from "./versions";

const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** A program that Go builds, from a module of ours that pins it and all that it needs. */
export interface GoProgram {
    /** For messages. */
    readonly what: string;
    /** The module's folder. */
    readonly module: string;
    readonly package: string;
    /** Without a leading v; undefined for a program of our own. */
    readonly version?: string;
    /** What the linker sets besides, by the variable's import path. */
    readonly variables?: Readonly<Record<string, string>>;
    /** What the file is called. */
    readonly program: string;
}

/** The programs of the engine. */
export const ENGINE: readonly GoProgram[] = [
    {
        what: "the Node.js language host",
        module: join(__dirname, "language"),
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        version: LANGUAGE_HOST_VERSION,
        program: LANGUAGE_HOST,
    },
    {
        what: "the CLI with the engine",
        module: join(__dirname, "cli"),
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version: CLI_VERSION,
        program: CLI,
    },
];

/** A Go that can build the engine, or the reason why there is none. */
export async function findGo(env: NodeJS.ProcessEnv): Promise<{ go: string } | { reason: string }> {
    const go = findOnPath("go", env)[0];
    if (go === undefined) return { reason: "there is no go on PATH" };
    // Asked outside of our modules, in which an older Go would fetch the newer one just to answer.
    const options = { env: goEnvironment(env), cwd: tmpdir(), timeoutMs: 30_000 };
    const version = /go version go(\d+\.\d+(?:\.\d+)?)/.exec((await run(go, ["version"], options)).stdout)?.[1];
    if (version === undefined) return { reason: `${go} doesn't run` };
    if (!atLeast(version, OLDEST_GO)) {
        return { reason: `${go} is Go ${version}, which is too old: ${OLDEST_GO} or newer is needed` };
    }
    const toolchain = (await run(go, ["env", "GOTOOLCHAIN"], options)).stdout.trim();
    if (!atLeast(version, CLI_GO) && !/(^|\+)(auto|path)$/.test(toolchain)) {
        return {
            reason:
                `${go} is Go ${version}, the engine needs ${CLI_GO}, and GOTOOLCHAIN=${toolchain} keeps Go from fetching ` +
                `that by itself: set GOTOOLCHAIN=auto, or install Go ${CLI_GO} or newer`,
        };
    }
    return { go };
}

/** Builds programs into `folder`/bin. Throws with the reason in words and Go's last lines. */
export async function build(
    folder: string,
    programs: readonly GoProgram[],
    go: string,
    env: NodeJS.ProcessEnv,
    reporter: Reporter,
): Promise<void> {
    // A copy, because Go may touch go.mod, and because a killed build leaves its temporary files here.
    const workFolder = join(folder, "build");
    const temporary = join(workFolder, "tmp");
    mkdirSync(temporary, { recursive: true });
    for (const part of programs) {
        const source = join(workFolder, basename(part.module));
        cpSync(part.module, source, { recursive: true });
        const variables = {
            ...(part.version === undefined ? {} : { [VERSION_VARIABLE]: `v${part.version}` }),
            ...part.variables,
        };
        const stamps = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
        let fetching = false;
        const { code, output } = await withProgress(
            reporter,
            () => (fetching ? `fetching the sources of ${part.what}` : `building ${part.what}`),
            () =>
                run(
                    go,
                    [
                        "build",
                        "-mod=readonly",
                        "-modcacherw",
                        "-trimpath",
                        `-ldflags=-s -w${stamps.join("")}`,
                        "-o",
                        join(folder, "bin", part.program),
                        part.package,
                    ],
                    {
                        env: { ...goEnvironment(env), GOTMPDIR: temporary },
                        cwd: source,
                        onLine: (line) => {
                            fetching = line.startsWith("go: downloading");
                        },
                    },
                ),
        );
        if (code !== 0) {
            const lines = output.trim().split("\n").slice(-15);
            throw new Error(`${reasonInWords(output, part.what)}. Go's last lines:\n    ${lines.join("\n    ")}`);
        }
    }
    rmSync(workFolder, { recursive: true, force: true });
}

/** The environment to run Go in: what the user has set for Go has no effect on what is built. */
export function goEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return {
        ...env,
        // Go keeps its caches below it.
        HOME: homeFolder(env),
        GO111MODULE: "on",
        GOWORK: "off",
        GOFLAGS: "",
        GOOS: "",
        GOARCH: "",
        // So that no C compiler is needed, as in Pulumi's own builds.
        CGO_ENABLED: "0",
    };
}

function reasonInWords(output: string, what: string): string {
    if (/no space left/i.test(output)) return "the disk is full (a build needs about 4 GB)";
    if (/checksum mismatch|SECURITY ERROR/i.test(output)) return "what Go fetched isn't what is pinned in go.sum";
    if (/signal: killed|out of memory|cannot allocate memory/i.test(output)) {
        return `the memory didn't suffice to build ${what} (about 4 GB)`;
    }
    if (/toolchain not available|download go\d/i.test(output)) return `Go could not fetch its version ${CLI_GO}`;
    if (/dial tcp|no such host|i\/o timeout|connection refused|proxyconnect|TLS handshake|x509/i.test(output)) {
        return "Go could not reach the module proxy to fetch the sources";
    }
    return `Go could not build ${what}`;
}
