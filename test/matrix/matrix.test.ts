import { afterAll, expect, inject, test } from "vitest";
import { type Cell, type Matrix, managers, nameOf, nodes, programs, quickCells, sdks, startMatrix } from "./matrix";

/*
 * The quick part of the matrix; `npm run test:matrix` is the whole. The packages come out of a cache that is filled
 * once per machine, and the package itself from the tarball of now.
 */

let matrix: Promise<Matrix> | undefined;

afterAll(async () => {
    await (await matrix)?.end();
});

test("any two values of two different columns are together in one cell", () => {
    const columns: Record<keyof Cell, readonly unknown[]> = {
        manager: managers,
        program: programs,
        node: nodes,
        sdk: sdks,
    };
    const names = Object.keys(columns) as (keyof Cell)[];
    for (const one of names) {
        for (const other of names.filter((name) => name !== one)) {
            for (const value of columns[one]) {
                for (const second of columns[other]) {
                    expect(quickCells).toContainEqual(expect.objectContaining({ [one]: value, [other]: second }));
                }
            }
        }
    }
});

test.each(quickCells.map((cell) => [nameOf(cell), cell] as const))(
    "a webhook lives from up to destroy with %s",
    async (_, cell) => {
        matrix ??= startMatrix({
            tarball: inject("tarball"),
            fresh: false,
            reporter: { log: (line) => console.error(line) },
        });
        await (await matrix).run(cell);
    },
    10 * 60_000,
);
