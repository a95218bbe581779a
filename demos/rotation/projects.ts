import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The programs of the proof, as users write them, but in JavaScript: it starts quicker. */

/**
 * What configures an instance of a service: a file that only its owner may read, with its secrets. With `readyUrl` an
 * update is done when the instance is ready.
 */
export const secretsFileClass = `
class SecretsFile extends pulumi.dynamic.Resource {
    constructor(name, path, secrets, readyUrl, options) {
        const write = (path, secrets) => {
            const { renameSync, writeFileSync } = require("node:fs");
            writeFileSync(path + ".new", JSON.stringify(secrets), { mode: 0o600 });
            renameSync(path + ".new", path);
        };
        const provider = {
            async diff(_id, olds, news) {
                return { changes: JSON.stringify(olds.secrets) !== JSON.stringify(news.secrets) };
            },
            async create({ path, secrets }) {
                write(path, secrets);
                return { id: path, outs: { path, secrets } };
            },
            async update(_id, _olds, { path, secrets, readyUrl }) {
                write(path, secrets);
                if (readyUrl) await fetch(readyUrl);
                return { outs: { path, secrets } };
            },
        };
        super(provider, name, { path, secrets, readyUrl }, { ...options, additionalSecretOutputs: ["secrets"] });
    }
}
`;

const head = `
const pulumi = require("@pulumi/pulumi");
const captions = require("pulumi-captions");
const config = new pulumi.Config();
${secretsFileClass}`;

/** Declares each service's webhook, in one of the ways, and exports its secrets. */
const infrastructure = `
const enabledEvents = ["creator.success", "creator.failure"];
const generations = config.requireObject("generations");

function secretsOf(name, way, url) {
    const [newest] = generations;
    switch (way) {
        case "rotating":
            return new captions.RotatingWebhook(name, { url, enabledEvents, generations }).secrets;
        case "dropped-early":
            // An \`up\` that comes too late for an overlap: it registers the new one, and is to delete the old one at
            // once.
            return new captions.RotatingWebhook(name, {
                url,
                enabledEvents,
                generations: [newest],
                allowDuplicateUrl: true,
            }).secrets;
        case "replaced":
            return onlyOne(new captions.Webhook(name, { url, enabledEvents }, { replacementTrigger: newest }));
        case "in-place":
            return onlyOne(new captions.Webhook(name, { url, enabledEvents, rotateWhenChanged: { newest } }));
    }
}

const onlyOne = (webhook) => pulumi.all([webhook.secret]);

for (const { name, way, url, instances } of config.requireObject("services")) {
    const secrets = (exports[name] = secretsOf(name, way, url));
    // One instance after another, as in a rolling update.
    let before;
    for (const [index, { file, readyUrl }] of instances.entries()) {
        before = new SecretsFile(name + "-" + index, file, secrets, readyUrl, { dependsOn: before ? [before] : [] });
    }
}
`;

/** Another stack, which configures services with what the first one exports. */
const consumer = `
const infrastructure = new pulumi.StackReference("organization/infrastructure/demo");
for (const { name, file } of config.requireObject("services")) {
    new SecretsFile(name, file, infrastructure.requireOutput(name));
}
`;

const programs = { infrastructure: head + infrastructure, consumer: head + consumer };

/** Writes a project into a new folder. @returns the folder */
export function writeProject(name: keyof typeof programs, into: string, nodeModules: string): string {
    const folder = join(into, name);
    mkdirSync(folder);
    symlinkSync(nodeModules, join(folder, "node_modules"), "junction");
    writeFileSync(join(folder, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
    writeFileSync(join(folder, "index.js"), programs[name]);
    return folder;
}
