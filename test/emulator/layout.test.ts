import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type * as emulatorModule from "../../emulator";

const root = join(__dirname, "../../emulator");

/** What each source file imports of the others, types too. */
function importsOf(): Map<string, string[]> {
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    return new Map(
        files.map((file) => {
            const text = readFileSync(join(root, file), "utf8");
            const targets = [...text.matchAll(/ from "(\.[^"]+)";/g)].map(([, path = ""]) =>
                relative(root, join(root, dirname(file), `${path}.ts`)),
            );
            return [file, targets];
        }),
    );
}

test("no file of the emulator imports itself, by way of others", () => {
    const imports = importsOf();
    const circles: string[][] = [];
    const done = new Set<string>();
    const visit = (file: string, way: readonly string[]): void => {
        if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file]);
        if (done.has(file)) return;
        done.add(file);
        const targets = imports.get(file);
        if (targets === undefined) throw new Error(`${way.at(-1)} imports ${file}, which is not there.`);
        for (const target of targets) visit(target, [...way, file]);
    };
    for (const file of imports.keys()) visit(file, []);
    expect(circles).toEqual([]);
});

test("the built package serves every file of the page", async () => {
    const load = createRequire(__filename);
    const { startEmulator } = load("pulumi-captions/emulator") as typeof emulatorModule;
    const emulator = await startEmulator();
    onTestFinished(() => emulator.stop());
    for (const name of readdirSync(join(root, "page/assets"))) {
        const answer = await fetch(`${emulator.url}/${name === "index.html" ? "" : name}`);
        expect(answer.headers.get("content-type")).toMatch(/^(text\/(html|css|javascript)|image\/svg\+xml)/);
        expect((await answer.text()).length).toBeGreaterThan(100);
    }
});
