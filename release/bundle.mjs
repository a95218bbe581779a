// A part of the build: the provider plugin as one file that needs no `node_modules`, and the licences of its parts.
// Plain Node, because it runs in every set-up.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "dist/plugin");

/** What the libraries load and the plugin never calls, and what takes its place: 0.4 MB, and 20 ms of each start. */
const NEVER_CALLED = [
    // gRPC's, for its own monitoring (channelz, ORCA), with a parser of .proto files.
    { module: /^@grpc\/proto-loader$/, instead: "" },
    // axios's: forms, with a list of all media types; and what it sends with in browsers and by `fetch`, for which it
    // loads all of Node's own.
    { module: /^form-data$/, instead: "module.exports = class {};" },
    {
        module: /^\.\/(xhr|fetch)\.js$/,
        of: /\/axios\/lib\/adapters$/,
        instead: "export default false; export const getFetch = () => undefined;",
    },
];

const leaveOut = {
    name: "leave out what is never called",
    setup({ onResolve, onLoad }) {
        for (const [index, { module, of = /./ }] of NEVER_CALLED.entries()) {
            onResolve({ filter: module }, ({ path, resolveDir }) =>
                of.test(resolveDir.replaceAll("\\", "/"))
                    ? { path, namespace: "never-called", pluginData: index }
                    : undefined,
            );
        }
        onLoad({ filter: /./, namespace: "never-called" }, ({ pluginData }) => ({
            contents: NEVER_CALLED[pluginData].instead,
        }));
    },
};

const ofModules = {
    name: "take axios as modules, of which parts can be left out, also where it is loaded late",
    setup({ onResolve, resolve }) {
        onResolve({ filter: /^axios$/ }, ({ path, resolveDir, kind }) =>
            kind === "require-call" ? resolve(path, { kind: "import-statement", resolveDir }) : undefined,
        );
    },
};

const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["provider/native/main.ts"],
    outfile: join(folder, "pulumi-resource-captions.cjs"),
    bundle: true,
    platform: "node",
    target: "node20.19",
    // Names stay: shorter ones make the file smaller, but let it start no sooner.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node.js shows the line of an error that nobody catches.
    lineLimit: 160,
    legalComments: "none",
    metafile: true,
    plugins: [leaveOut, ofModules],
});

const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
);
writeFileSync(join(folder, "LICENSES.txt"), [...packages].sort().map(licenceOf).join("\n"));

function licenceOf(path) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e(\.|$)/i.test(each));
    const text = file === undefined ? "" : `\n${readFileSync(join(root, path, file), "utf8").trim()}\n`;
    return `${"=".repeat(80)}\n${name} ${version} (${license})\n${text}`;
}
