// Pulumi's own installation, in a process of its own so that `download.ts` can put a limit on it.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { PulumiCommand } = require("@pulumi/pulumi/automation");
// The class of the SDK's own dependency: `install` takes no plain text.
const { SemVer } = createRequire(require.resolve("@pulumi/pulumi/package.json"))("semver");

const [version, root] = process.argv.slice(2);
try {
    await PulumiCommand.install({ version: new SemVer(version), root });
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
