import * as pulumi from "@pulumi/pulumi";

interface SecretsFileArgs {
    path: pulumi.Input<string>;
    secrets: pulumi.Input<pulumi.Input<string>[]>;
}

/** A file on this machine that only its owner may read, with the secrets as a JSON list. */
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

// Pulumi stores this object's code in the state, so it requires what it needs where it needs it.
const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async diff(_id, olds, news) {
        const replaces = olds.path === news.path ? [] : ["path"];
        return {
            changes: JSON.stringify(olds.secrets) !== JSON.stringify(news.secrets) || replaces.length > 0,
            replaces,
        };
    },
    async create({ path, secrets }) {
        const { renameSync, writeFileSync } = require("node:fs");
        // Renamed into place, so that the receiver never reads half a file.
        writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600 });
        renameSync(`${path}.new`, path);
        return { id: path, outs: { path, secrets } };
    },
    async update(_id, _olds, { path, secrets }) {
        const { renameSync, writeFileSync } = require("node:fs");
        writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600 });
        renameSync(`${path}.new`, path);
        return { outs: { path, secrets } };
    },
    async delete(_id, { path }) {
        require("node:fs").rmSync(path, { force: true });
    },
};
