import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Reporter } from "../engine/progress";
import { generate, type SdkLanguage } from "./generators";
import { publishingFiles, type Schema } from "./publishable";

export { type SdkLanguage, sdkLanguages } from "./generators";

/**
 * Generates the SDK for a language from the plugin's schema, with Pulumi's own code generator, ready to publish.
 *
 * @returns the number of files in `folder`, which is made anew
 *
 * @example
 * await writeSdk("python", "dist/sdk/python", { log: console.error });
 */
export async function writeSdk(language: SdkLanguage, folder: string, reporter: Reporter): Promise<number> {
    const text = readFileSync(join(__dirname, "../provider/native/schema.json"), "utf8");
    const schema: Schema = JSON.parse(text);
    const generated = await generate(language, language === "java" ? forJava(schema) : schema, reporter);
    const files = new Map<string, string | Buffer>([...generated, ...publishingFiles(language, schema)]);
    if (language === "python") files.set(...withSpdxLicence(generated));
    rmSync(folder, { recursive: true, force: true });
    for (const [path, content] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
    }
    return files.size;
}

/**
 * The generator writes for a component's secret outputs an option that components don't have in Java. It isn't needed:
 * the plugin marks them itself.
 */
function forJava(schema: Schema): Schema {
    const resources = Object.entries(schema.resources).map(([token, resource]) => {
        if (resource.isComponent !== true) return [token, resource] as const;
        const properties = Object.entries(resource.properties).map(([name, property]) => [
            name,
            { ...property, secret: undefined },
        ]);
        return [token, { ...resource, properties: Object.fromEntries(properties) }] as const;
    });
    return { ...schema, resources: Object.fromEntries(resources) };
}

/**
 * The generator writes the licence in a form that setuptools no longer takes from February 2027 on (PEP 639).
 *
 * @returns the file and its content
 */
function withSpdxLicence(files: ReadonlyMap<string, Buffer>): [string, string] {
    const project = "pyproject.toml";
    const table = /^ *\[project\.license\]\n *text = (".*")\n/m;
    const text = files.get(project)?.toString() ?? "";
    const licence = table.exec(text)?.[1];
    if (licence === undefined) return [project, text];
    const changed = text
        .replace(table, "")
        .replace(/^( *)version = .*$/m, `$&\n$1license = ${licence}`)
        .replace("setuptools>=61.0", "setuptools>=77.0");
    return [project, changed];
}
