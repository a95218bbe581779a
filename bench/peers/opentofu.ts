import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    /** All that stood on the screen. */
    readonly text: string;
}

export interface TofuStackOptions {
    /** An empty folder. */
    readonly folder: string;
    /** The API. */
    readonly emulator: Emulator;
    /** How many webhooks the program declares. */
    readonly count: number;
    /**
     * Whether the provider sends a webhook's id in the bodies of `/update` and `/delete` (its `body_id_attribute`).
     * Default: `true`. Its releases 2 and 3.0 have no such attribute: `false` shows what comes of that.
     */
    readonly idInBody?: boolean;
}

const onWindows = process.platform === "win32";
const ending = onWindows ? ".exe" : "";
const address = "registry.opentofu.org/mastercard/restapi";
/** Not a version that the provider has. */
const standInVersion = "0.0.1";

interface Program extends GoProgram {
    /** How long a build may take. */
    readonly minutes: number;
}

const tofuProgram: Program = {
    what: "OpenTofu",
    module: join(__dirname, "opentofu"),
    package: "github.com/opentofu/opentofu/cmd/tofu",
    // Otherwise it calls itself a development version.
    variables: { "github.com/opentofu/opentofu/version.dev": "no" },
    program: `tofu${ending}`,
    minutes: 8,
};

/**
 * Mastercard's `restapi` is not served by every module proxy, and its repository is no source to build from: so this is
 * a provider of our own that makes the calls which its documentation tells of.
 */
const providerProgram: Program = {
    what: "a stand-in of OpenTofu's provider restapi",
    module: join(__dirname, "restapi"),
    package: ".",
    program: `terraform-provider-restapi_v${standInVersion}${ending}`,
    minutes: 1,
};

/**
 * OpenTofu and a stand-in of the provider `restapi`, both built with Go once per machine, from the module proxy.
 *
 * @returns the reason where they can't be had, such as that there is no Go
 */
export async function ensureOpenTofu(report: (line: string) => void): Promise<OpenTofu | { readonly missing: string }> {
    try {
        const tofu = await built(tofuProgram, report);
        const provider = await built(providerProgram, report);
        const mirror = join(provider, "..", "mirror");
        const place = join(mirror, address, standInVersion, `${goPlatform()}_${goArchitecture()}`);
        mkdirSync(place, { recursive: true });
        const copy = join(place, providerProgram.program);
        if (!isExecutable(copy)) copyFileSync(provider, copy);
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

/** The provider's own way for an API whose calls are all POST, and which has no path for one object. */
const program = ({ emulator, idInBody = true }: TofuStackOptions): string => `
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
${idInBody ? '  body_id_attribute = "id"\n' : ""}}
`;

/** The path of a program, built with Go once per machine. */
async function built(program: Program, report: (line: string) => void): Promise<string> {
    const digest = createHash("sha256");
    for (const file of readdirSync(program.module).sort()) digest.update(readFileSync(join(program.module, file)));
    const name = `bench-${digest.digest("hex").slice(0, 12)}-${process.platform}-${process.arch}`;
    const folder = join(usableCacheFolder(process.env), name);
    const path = join(folder, "bin", program.program);
    const ready = async () => isExecutable(path);
    if (await ready()) return path;
    const go = await findGo(process.env);
    if ("reason" in go) throw new Error(`${program.what} can't be built with Go: ${go.reason}`);
    report(`Building ${program.what} with Go (once per machine; up to ${program.minutes} minutes on 2 cores).`);
    await fillOnce(folder, program.what, { log: report }, ready, (temporary) =>
        build(temporary, [program], go.go, process.env, { log: report }),
    );
    return path;
}

/** Without what the user has set for OpenTofu or Terraform. */
function environment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(TF|TOFU)_/.test(name));
    return { ...Object.fromEntries(kept), TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
}

function goPlatform(): string {
    return onWindows ? "windows" : process.platform;
}

function goArchitecture(): string {
    return process.arch === "x64" ? "amd64" : process.arch;
}
