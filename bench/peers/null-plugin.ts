import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { type Declaration, declareWebhooks } from "./declare";

/**
 * What a native provider costs that does nothing: the same resources with the same inputs and outputs as this
 * package's, and no API.
 */
export const nullPluginProgram = (declaration: Declaration): string => `
const pulumi = require("@pulumi/pulumi");
class Webhook extends pulumi.CustomResource {
    constructor(name, args, opts) {
        super("captionsnull:index:Webhook", name, { secret: undefined, secretVersion: undefined, ...args }, opts);
    }
}
${declareWebhooks(declaration, "Webhook")}`;

/** The file of the plugin that {@link bundleNullPlugin} makes. */
export const nullPluginFile = "pulumi-resource-captionsnull.cjs";

/** Makes a folder with the plugin: bundled as this package's is (`release/bundle.mjs`), and started as that is. */
export async function bundleNullPlugin(folder: string): Promise<void> {
    await build({
        entryPoints: [join(__dirname, "null-plugin/main.ts")],
        outfile: join(folder, nullPluginFile),
        bundle: true,
        platform: "node",
        target: "node20.19",
        minifyWhitespace: true,
        minifySyntax: true,
        lineLimit: 160,
        legalComments: "none",
        logLevel: "error",
        plugins: [withoutProtoLoader],
    });
    const start = join(folder, "pulumi-resource-captionsnull");
    writeFileSync(start, `#!/bin/sh\nexec node "$(dirname "$0")/${nullPluginFile}" "$@"\n`);
    chmodSync(start, 0o755);
    writeFileSync(`${start}.cmd`, `@node "%~dp0${nullPluginFile}" %*\r\n`);
}

/** gRPC's, for its own monitoring, which nothing calls. */
const withoutProtoLoader: Plugin = {
    name: "without proto-loader",
    setup({ onResolve, onLoad }) {
        onResolve({ filter: /^@grpc\/proto-loader$/ }, ({ path }) => ({ path, namespace: "never-called" }));
        onLoad({ filter: /./, namespace: "never-called" }, () => ({ contents: "" }));
    },
};
