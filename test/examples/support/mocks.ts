import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { quickStart } from "../../support/quick-start";

export interface Found {
    /** `bindings.0.text` */
    readonly path: string;
    readonly text: string;
    /** Whether the property, or one that holds it, is marked as a secret. */
    readonly marked: boolean;
}

export interface Declared {
    readonly resources: readonly {
        readonly type: string;
        readonly name: string;
        readonly inputs: Readonly<Record<string, unknown>>;
        /** What it waits for, directly, as `<type>::<name>`. */
        readonly dependencies: readonly string[];
        readonly secretsAt: readonly Found[];
    }[];
    readonly outputs: Record<string, { readonly value: unknown; readonly isSecret: boolean }>;
    /** The webhooks' secrets, in the order in which the webhooks were declared. */
    readonly secrets: readonly string[];
}

/** What a program declares under Pulumi's mocks. */
export async function runMocked(
    program: string,
    config: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
): Promise<Declared> {
    const { stdout } = await promisify(execFile)(
        process.execPath,
        [
            "--import",
            join(__dirname, "../../../node_modules/tsx/dist/loader.mjs"),
            join(__dirname, "mocked-program.ts"),
            program,
            JSON.stringify(config),
        ],
        { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...quickStart, ...env } },
    );
    return JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1));
}

/** The inputs of the one resource of a type. */
export function inputsOf<T>(resources: Declared["resources"], type: string): T {
    const [resource] = resources.filter((candidate) => candidate.type === type);
    if (resource === undefined) throw new Error(`The program declares no ${type}.`);
    return resource.inputs as T;
}
