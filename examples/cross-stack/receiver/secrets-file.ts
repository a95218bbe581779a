import * as pulumi from "@pulumi/pulumi";

interface SecretsFileArgs {
    path: pulumi.Input<string>;
    secrets: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * A file on this machine that only its owner may read, with the secrets as a JSON list.
 *
 * Secrets that a receiver works with are never lost: an empty list does not replace them, a file that another stack
 * wrote is not overwritten, and one that was deleted or changed by somebody else is written again by the next `pulumi
 * up`.
 */
export class SecretsFile extends pulumi.dynamic.Resource {
    declare readonly path: pulumi.Output<string>;

    constructor(name: string, args: SecretsFileArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, { ...args }, pulumi.mergeOptions(opts, { additionalSecretOutputs: ["secrets"] }));
    }
}

interface Inputs {
    path: string;
    secrets: string[];
}

// Pulumi stores this object's code in the state, so each function requires what it needs.
const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async check(olds: Partial<Inputs>, news) {
        const empties = news.secrets.length === 0 && (olds.secrets ?? []).length > 0;
        const reason =
            `The list of secrets is empty and would replace secrets that work in ${news.path}. ` +
            "Set `infrastructure` again, or run `pulumi destroy` if the receiver is not needed any more.";
        // Not naming the property: Pulumi would print its value.
        return { inputs: news, failures: empties ? [{ property: "", reason }] : [] };
    },
    async diff(_id, olds, news) {
        const replaces = realPathOf(olds.path) === realPathOf(news.path) ? [] : ["path"];
        return { replaces, changes: replaces.length > 0 || contentOf(news.path) !== JSON.stringify(news.secrets) };
    },
    async create({ path, secrets }) {
        if (!["", "[]", undefined].includes(contentOf(path))) {
            const message =
                `${path} already exists, and this stack did not write it: it may contain the secrets of another stack. ` +
                "Set `file` to another path, or delete that file.";
            throw Object.assign(new Error(message), { stack: "" });
        }
        write(path, secrets);
        return { id: path, outs: { path, secrets } };
    },
    async update(_id, _olds, { path, secrets }) {
        write(path, secrets);
        return { outs: { path, secrets } };
    },
    async delete(_id, { path }) {
        require("node:fs").rmSync(path, { force: true });
    },
};

function write(path: string, secrets: string[]): void {
    const { mkdirSync, renameSync, rmSync, writeFileSync } = require("node:fs");
    mkdirSync(require("node:path").dirname(path), { recursive: true, mode: 0o700 });
    // A run that was killed may have left a file here, and with it its mode.
    rmSync(`${path}.new`, { force: true });
    writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600, flag: "wx", flush: true });
    // Renamed into place, so that the receiver never reads half a file.
    renameSync(`${path}.new`, path);
}

function contentOf(path: string): string | undefined {
    try {
        return require("node:fs").readFileSync(path, "utf8").trim();
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
}

/** The same for every spelling of a path. */
function realPathOf(path: string): string {
    const { basename, dirname, join, resolve } = require("node:path");
    const folder = dirname(resolve(path));
    try {
        return join(require("node:fs").realpathSync.native(folder), basename(path));
    } catch {
        return join(folder, basename(path));
    }
}
