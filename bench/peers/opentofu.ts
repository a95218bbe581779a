import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Emulator } from "../../emulator";
import { usableCacheFolder } from "../../engine";
import { build, findGo, type GoProgram } from "../../engine/build";
import { fillOnce } from "../../engine/cache";
import { isExecutable, run } from "../../engine/processes";

/** OpenTofu with a provider for any API, ready to be run. */
export interface OpenTofu {
    readonly version: string;
    /** The provider's version; that of the stand-in says so. */
    readonly providerVersion: string;
    /** The path of the program. */
    readonly tofu: string;
    /** The folder in which OpenTofu finds the provider. */
    readonly mirror: string;
}

/** What a command of OpenTofu came to. */
export interface TofuRun {
    /** null when it was ended by a signal. `plan` ends with 2 where it finds changes. */
    readonly code: number | null;
    readonly seconds: number;
    /** All that stood on the screen; where there is a change, with secrets in clear. */
    readonly text: string;
}

export interface TofuStackOptions {
    /** An empty folder. */
    readonly folder: string;
    /** The API. */
    readonly emulator: Emulator;
    /** How many webhooks the program declares. */
    readonly count: number;
}

const onWindows = process.platform === "win32";
const ending = onWindows ? ".exe" : "";
const address = "registry.opentofu.org/mastercard/restapi";
/** Not a version that the provider has. */
const standInVersion = "0.0.1";

interface Program extends GoProgram {
    /** How long a build may take on 2 cores. */
    readonly time: string;
}

const tofuProgram: Program = {
    what: "OpenTofu",
    module: join(__dirname, "opentofu"),
    package: "github.com/opentofu/opentofu/cmd/tofu",
    // Otherwise it calls itself a development version.
    variables: { "github.com/opentofu/opentofu/version.dev": "no" },
    program: `tofu${ending}`,
    time: "8 minutes",
};

/**
 * The module proxy refuses Mastercard's `restapi`: so this is a provider of our own that makes the calls of which its
 * documentation tells.
 */
const providerProgram: Program = {
    what: "a stand-in for OpenTofu's provider restapi",
    module: join(__dirname, "restapi"),
    package: ".",
    // Where OpenTofu looks for it.
    program: join(
        "mirror",
        address,
        standInVersion,
        `${onWindows ? "windows" : process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`,
        `terraform-provider-restapi_v${standInVersion}${ending}`,
    ),
    time: "a minute",
};

/**
 * OpenTofu and a stand-in for the provider `restapi`, both built with Go once per machine, from the module proxy.
 *
 * @returns the reason where they can't be had, such as that there is no Go
 */
export async function ensureOpenTofu(report: (line: string) => void): Promise<OpenTofu | { readonly missing: string }> {
    try {
        const tofu = join(await built(tofuProgram, report), tofuProgram.program);
        const mirror = join(await built(providerProgram, report), "mirror");
        const version = /^OpenTofu v(\S+)/.exec((await run(tofu, ["version"], { env: environment() })).stdout)?.[1];
        if (version === undefined) return { missing: `${tofu} doesn't run` };
        return { version, providerVersion: `${standInVersion} (stand-in)`, tofu, mirror };
    } catch (error) {
        return { missing: (error as Error).message };
    }
}

/** A folder with a program of so many webhooks of the Captions API, and its state. */
export class TofuStack {
    readonly #tofu: OpenTofu;
    readonly #options: TofuStackOptions;

    /** Writes the program, and has OpenTofu take the provider. No call is made. */
    static async create(tofu: OpenTofu, options: TofuStackOptions): Promise<TofuStack> {
        const stack = new TofuStack(tofu, options);
        const { code, text } = await stack.#run("init");
        if (code !== 0) throw new Error(`tofu init failed:\n${text}`);
        return stack;
    }

    private constructor(tofu: OpenTofu, options: TofuStackOptions) {
        this.#tofu = tofu;
        this.#options = options;
        const mirror = JSON.stringify(tofu.mirror);
        this.#write("tofu.rc", `provider_installation {\n  filesystem_mirror {\n    path = ${mirror}\n  }\n}\n`);
        this.#write("main.tf", program(options));
        this.#declare(["creator.success"]);
    }

    /** The size of the state, which has each secret in clear, in bytes. */
    get stateBytes(): number {
        return statSync(join(this.#options.folder, "terraform.tfstate")).size;
    }

    /** Asks for a change of one webhook: the next {@link apply} makes it. */
    change(): void {
        this.#declare(["creator.success", "creator.failure"]);
    }

    apply(): Promise<TofuRun> {
        return this.#run("apply", "-auto-approve");
    }

    plan(): Promise<TofuRun> {
        return this.#run("plan", "-detailed-exitcode");
    }

    refresh(): Promise<TofuRun> {
        return this.#run("apply", "-refresh-only", "-auto-approve");
    }

    destroy(): Promise<TofuRun> {
        return this.#run("destroy", "-auto-approve");
    }

    async #run(command: string, ...args: readonly string[]): Promise<TofuRun> {
        const { folder, emulator } = this.#options;
        const env = {
            ...environment(),
            HOME: folder,
            TF_CLI_CONFIG_FILE: join(folder, "tofu.rc"),
            TF_VAR_api_key: emulator.apiKey,
        };
        const started = performance.now();
        const { code, output } = await run(this.#tofu.tofu, [command, "-input=false", "-no-color", ...args], {
            env,
            cwd: folder,
        });
        return { code, seconds: (performance.now() - started) / 1000, text: output };
    }

    #declare(firstEvents: readonly string[]): void {
        this.#write("terraform.tfvars.json", JSON.stringify({ webhooks: this.#options.count, firstEvents }));
    }

    #write(name: string, text: string): void {
        writeFileSync(join(this.#options.folder, name), text);
    }
}

/**
 * What the provider offers to an API whose calls are all POST, and which has no path for one object.
 *
 * Only its newest sources have `body_id_attribute`. Older ones put the id in the body of an update at most, and never
 * in that of a delete, whose 404 they take for success: with them no webhook is deleted.
 */
const program = ({ emulator }: TofuStackOptions): string => `
terraform {
  required_providers {
    restapi = { source = "${address}" }
  }
}

variable "api_key" {
  type      = string
  sensitive = true
}

variable "webhooks" {
  type = number
}

variable "firstEvents" {
  type = list(string)
}

provider "restapi" {
  uri                  = "${emulator.baseUrl}"
  headers              = { "x-api-key" = var.api_key }
  create_method        = "POST"
  read_method          = "POST"
  update_method        = "POST"
  destroy_method       = "POST"
  write_returns_object = true
}

resource "restapi_object" "webhook" {
  count        = var.webhooks
  path         = "/list"
  create_path  = "/register"
  update_path  = "/update"
  destroy_path = "/delete"
  data = jsonencode({
    url           = "https://api.example.com/\${count.index}"
    enabledEvents = count.index == 0 ? var.firstEvents : ["creator.success"]
  })
  read_search       = { results_key = "registeredWebhooks", search_key = "id", search_value = "{id}" }
  ignore_changes_to = ["id", "secret"]
  body_id_attribute = "id"
}
`;

/** The folder of a program, built with Go once per machine. */
async function built(program: Program, report: (line: string) => void): Promise<string> {
    const digest = createHash("sha256");
    for (const file of readdirSync(program.module).sort()) digest.update(readFileSync(join(program.module, file)));
    const name = `bench-${basename(program.module)}-${digest.digest("hex").slice(0, 12)}`;
    const folder = join(usableCacheFolder(process.env), `${name}-${process.platform}-${process.arch}`);
    const bin = join(folder, "bin");
    const ready = async () => isExecutable(join(bin, program.program));
    if (await ready()) return bin;
    const go = await findGo(process.env);
    if ("reason" in go) throw new Error(`${program.what} can't be built with Go: ${go.reason}`);
    report(`Building ${program.what} with Go (once per machine; up to ${program.time} on 2 cores).`);
    await fillOnce(folder, program.what, { log: report }, ready, (temporary) =>
        build(temporary, [program], go.go, process.env, { log: report }),
    );
    return bin;
}

/** Without what the user has set for OpenTofu or Terraform. */
function environment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(TF|TOFU)_/.test(name));
    return { ...Object.fromEntries(kept), TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
}
