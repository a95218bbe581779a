import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The oldest CLI on PATH that is used as it is.
 *
 * The Automation API of `@pulumi/pulumi` itself asks for 3.2.0 only, which knows neither `refresh --run-program` nor
 * `preview --expect-no-changes` with a refresh. 3.200 is where this package's range of `@pulumi/pulumi` starts.
 */
export const OLDEST_CLI = "3.200.0";

/** The Go that fetches a newer toolchain by itself when a module asks for one (https://go.dev/doc/toolchain). */
export const OLDEST_GO = "1.21";

/** What a build or download gets. The versions are those that the checked-in go.mod files pin. */
export const CLI_VERSION = pinned("cli", /^require github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)$/m);
export const LANGUAGE_HOST_VERSION = pinned("language", /^require github\.com\/pulumi\/pulumi\/sdk\/v3 v(\S+)$/m);

/** The language hosts that only some tests need. Python's is of {@link LANGUAGE_HOST_VERSION}. */
export const YAML_HOST_VERSION = pinned("languages/yaml", /^require github\.com\/pulumi\/pulumi-yaml v(\S+)$/m);
export const GO_HOST_VERSION = pinned("languages/go", /^require github\.com\/pulumi\/pulumi\/sdk\/v3 v(\S+)$/m);

/** The Go that the CLI's sources ask for. */
export const CLI_GO = pinned("cli", /^go (\S+)$/m);

/** Whether `version` (with or without a leading v, ignoring what follows a hyphen) is `minimum` or newer. */
export function atLeast(version: string, minimum: string): boolean {
    const parts = (text: string) => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
    const wanted = parts(minimum);
    const found = parts(version);
    for (const [index, least] of wanted.entries()) {
        const difference = (found[index] ?? 0) - least;
        if (difference !== 0) return difference > 0;
    }
    return true;
}

function pinned(module: string, pattern: RegExp): string {
    const version = pattern.exec(readFileSync(join(__dirname, module, "go.mod"), "utf8"))?.[1];
    if (version === undefined) throw new Error(`engine/${module}/go.mod pins nothing that matches ${pattern}`);
    return version;
}
