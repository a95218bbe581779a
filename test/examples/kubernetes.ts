// `npm run test:kubernetes`: runs examples/kubernetes against the cluster that KUBECONFIG names, rotates, reads the
// Secret back, and destroys all of it. The cluster, kubectl, and a way to Pulumi's plugin for Kubernetes are the
// caller's.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { type Emulator, startEmulator } from "../../emulator";
import { ensureEngine, standardErrorReporter } from "../../engine";
import { findOnPath, run } from "../../engine/processes";
import { runPulumi } from "../../engine/pulumi";
import { installExamplePackages } from "../prerequisites/example-packages";
import { PrerequisiteError } from "../prerequisites/prerequisite-error";

/** @throws {PrerequisiteError} where the test can't run here */
function requirements(): { kubectl: string } {
    const files = (process.env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
    if (files.length === 0) {
        throw new PrerequisiteError(
            "There is no KUBECONFIG, so there is no cluster to test against. Set it to the file that names one, for example " +
                "KUBECONFIG=~/.kube/config npm run test:kubernetes. What is created goes into the namespace of " +
                "CAPTIONS_TEST_NAMESPACE (default: default), and is deleted at the end.",
        );
    }
    const missing = files.find((file) => !existsSync(file));
    if (missing !== undefined) throw new PrerequisiteError(`KUBECONFIG names ${missing}, which isn't there.`);
    const [kubectl] = findOnPath("kubectl", process.env);
    if (kubectl === undefined) {
        throw new PrerequisiteError("kubectl isn't on PATH: the test reads the Secret back with it.");
    }
    return { kubectl };
}

async function main(): Promise<void> {
    const { kubectl } = requirements();
    const reporter = standardErrorReporter();
    const engine = await ensureEngine(reporter);
    const packages = await installExamplePackages(reporter);
    const namespace = process.env.CAPTIONS_TEST_NAMESPACE ?? "default";
    const image = process.env.CAPTIONS_TEST_IMAGE;
    const home = mkdtempSync(join(tmpdir(), "pulumi-captions-kubernetes-"));
    const emulator = await startEmulator();
    const project = join(home, "project");
    cpSync(join(__dirname, "../../examples/kubernetes"), project, {
        recursive: true,
        filter: (source) => basename(source) !== "node_modules",
    });
    symlinkSync(packages, join(project, "node_modules"));

    const pulumi = async (...args: string[]): Promise<string> => {
        const { code, stdout, text } = await runPulumi(engine, args, {
            project,
            temporaryFolder: home,
            env: {
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
                // The caller's plugins, or Pulumi's own download of the one for Kubernetes.
                PULUMI_HOME: process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"),
                PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false",
            },
        });
        if (code !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${text}`);
        return stdout;
    };
    const up = () => pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    const set = (key: string, value: string) => pulumi("config", "set", key, value, "--stack", "test");
    // Pulumi chooses the Secret's name.
    let secretName = "";
    const read = () =>
        run(
            kubectl,
            ["get", "secret", secretName, "--namespace", namespace, "--output", "json", "--ignore-not-found"],
            {
                env: process.env,
                timeoutMs: 60_000,
            },
        );

    try {
        await pulumi("stack", "init", "test");
        await set("url", "https://api.example.com/hooks/captions");
        await set("namespace", namespace);
        await set("image", image ?? "captions-receiver:none");
        // Without an image of the receiver, everything but its pods is tested.
        if (image === undefined) await set("replicas", "0");
        const uids: string[] = [];
        for (const generations of [["first"], ["second", "first"], ["second"]]) {
            await set("generations", JSON.stringify(generations));
            await up();
            secretName = (await pulumi("stack", "output", "secretName", "--stack", "test")).trim();
            const { stdout, output } = await read();
            uids.push(check(stdout, output, emulator));
            console.log(`ok: with the generations ${generations.join(", ")} the Secret holds what is valid now`);
        }
        if (new Set(uids).size > 1) throw new Error("The Secret was replaced, although enableSecretMutable is set.");
        console.log("ok: the Secret was changed in place");
    } finally {
        await pulumi("destroy", "--yes", "--skip-preview", "--stack", "test").catch((error: Error) => {
            console.error(error.message);
            process.exitCode = 1;
        });
        await emulator.stop();
        rmSync(home, { recursive: true, force: true });
    }
    const left = secretName === "" ? "" : (await read()).stdout.trim();
    if (left !== "" || emulator.webhooks.length > 0) throw new Error("Something was left after the destroy.");
    console.log("ok: nothing is left in the cluster, and no webhook");
}

/** @returns the Secret's uid, which a replacement would change */
function check(json: string, output: string, emulator: Emulator): string {
    if (json.trim() === "") throw new Error(`The Secret is not in the cluster: ${output}`);
    const { data, metadata }: { data: Record<string, string>; metadata: { uid: string } } = JSON.parse(json);
    const found = Buffer.from(data["secrets.json"] ?? "", "base64").toString();
    const live = JSON.stringify(emulator.webhooks.map(({ secret }) => secret).reverse());
    if (found !== live) throw new Error("The Secret does not hold the secrets that are valid at the API.");
    return metadata.uid;
}

main().catch((error: Error) => {
    console.error(error instanceof PrerequisiteError ? error.message : error);
    process.exitCode = 1;
});
