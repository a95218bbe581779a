import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import schema from "../../provider/native/schema.json";
import { type SdkLanguage, sdkLanguages } from "../../sdk";
import { installJavaLibraries, installPythonSdk } from "../prerequisites";
import { example, filesIn, programIn, root, sdk, silent, temporaryFolder, tool, version } from "./support";

/** A cold compiler compiles Pulumi's SDK, too. */
const COMPILES_MS = 10 * 60_000;
const GO_MODULE = "github.com/pulumi-captions/pulumi-captions/sdk/go";
const SOURCES: Readonly<Record<SdkLanguage, string>> = { python: ".py", go: ".go", dotnet: ".cs", java: ".java" };

describe.each(sdkLanguages)("the SDK for %s", (language) => {
    it("has every resource and function of the schema, and asks for the plugin of its own version", async () => {
        const folder = await sdk(language);
        const code = filesIn(folder, SOURCES[language])
            .map((file) => readFileSync(file, "utf8"))
            .join("\n");
        const tokens = [...Object.keys(schema.resources), ...Object.keys(schema.functions)];
        expect(tokens.filter((token) => !code.includes(`"${token}"`) && !code.includes(`'${token}'`))).toEqual([]);

        const versions = {
            python: "pulumi-plugin.json",
            go: "pulumi-plugin.json",
            dotnet: "version.txt",
            java: "version.txt",
        };
        const [file] = filesIn(folder, versions[language]);
        expect(readFileSync(file ?? "", "utf8")).toMatch(new RegExp(`^${version}$|"version": "${version}"`, "m"));
    });

    it("has a README and the licence", async () => {
        const folder = await sdk(language);
        expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(version);
        expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
    });
});

describe("for Python", () => {
    it("builds a wheel and a source distribution that PyPI accepts", async () => {
        const [folder, { python }] = [await sdk("python"), await installPythonSdk(silent)];
        const output = await tool(python, ["-m", "build", "--no-isolation", "."], { cwd: folder });
        expect(output).not.toContain("deprecated");
        const built = [`pulumi_captions-${version}-py3-none-any.whl`, `pulumi_captions-${version}.tar.gz`];
        await tool(python, ["-m", "twine", "check", "--strict", ...built.map((name) => `dist/${name}`)], {
            cwd: folder,
        });
        const content = await tool(python, ["-m", "zipfile", "-l", `dist/${built[0]}`], { cwd: folder });
        for (const name of ["py.typed", "pulumi-plugin.json", "config/vars.py", "LICENSE"])
            expect(content).toContain(name);
    });

    it("passes mypy but for what Pulumi's generator always writes, and programs pass it strictly", async () => {
        const [folder, { python }] = [await sdk("python"), await installPythonSdk(silent)];
        const always = ["arg-type", "return-value", "var-annotated"].flatMap((code) => ["--disable-error-code", code]);
        const env = { MYPYPATH: folder, MYPY_CACHE_DIR: temporaryFolder() };
        await tool(python, ["-m", "mypy", ...always, "pulumi_captions"], { cwd: folder, env });

        writeFileSync(join(folder, "readme.py"), programIn(folder, "python"));
        for (const program of [join(folder, "readme.py"), join(example("python"), "__main__.py")]) {
            await tool(python, ["-m", "mypy", "--strict", "--follow-imports=silent", program], { cwd: folder, env });
        }
    });
});

describe("for Go", { timeout: COMPILES_MS }, () => {
    it("passes go vet, and so do programs", async () => {
        const folder = await sdk("go");
        await tool("go", ["vet", "./..."], { cwd: folder });

        const program = example("go");
        const replacement = [`-replace=${GO_MODULE}=${folder}`];
        await tool("go", ["mod", "edit", ...replacement], { cwd: program });
        await tool("go", ["mod", "tidy"], { cwd: program });
        await tool("go", ["vet", "./..."], { cwd: program });
        writeFileSync(join(program, "main.go"), programIn(folder, "go"));
        await tool("go", ["vet", "./..."], { cwd: program });
    });

    it("pins what it depends on", async () => {
        const folder = await sdk("go");
        const pinned = ["go.mod", "go.sum"].map((name) => readFileSync(join(folder, name), "utf8"));
        await tool("go", ["mod", "tidy"], { cwd: folder });
        expect(["go.mod", "go.sum"].map((name) => readFileSync(join(folder, name), "utf8"))).toEqual(pinned);
    });
});

describe("for Java", { timeout: COMPILES_MS }, () => {
    it("compiles, and so does a program", async () => {
        const folder = await sdk("java");
        const { javac, libraries } = await installJavaLibraries(join(folder, "pom.xml"), silent);
        writeFileSync(join(folder, "App.java"), programIn(folder, "java"));
        const args = ["--release", "11", "-d", "classes", "-cp", join(libraries, "*")];
        await tool(javac, [...args, "App.java", ...filesIn(join(folder, "src"), ".java")], { cwd: folder });
        expect(existsSync(join(folder, "classes/com/pulumicaptions/captions/RotatingWebhook.class"))).toBe(true);
    });
});

describe("for .NET", () => {
    it("has a well-formed project that names only files that are there", async () => {
        const [folder, { python }] = [await sdk("dotnet"), await installPythonSdk(silent)];
        const read = `import sys, xml.etree.ElementTree as tree
for element in tree.parse(sys.argv[1]).iter():
    print(element.tag, element.get("Include") or (element.text or "").strip(), sep="\\t")`;
        const output = await tool(python, ["-c", read, "PulumiCaptions.Captions.csproj"], { cwd: folder });
        const elements = output.split("\n").map((line) => line.split("\t"));
        const values = (name: string) => elements.flatMap(([tag, value]) => (tag === name ? [value ?? ""] : []));
        expect(values("Version")).toEqual([version]);
        expect(values("PackageLicenseExpression")).toEqual(["Apache-2.0"]);
        const files = [...values("None"), ...values("EmbeddedResource"), ...values("PackageIcon")];
        expect(files.length).toBeGreaterThan(3);
        expect(files.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
    });
});
