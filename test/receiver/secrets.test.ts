import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type SecretSource, SecretsError, secretsFromText, verifyDelivery } from "../../receiver/index.js";
import { secretsFromFile } from "../../receiver/node.js";

describe("secretsFromText", () => {
    test.each([
        ["whsec_1", ["whsec_1"]],
        ["  whsec_1\n", ["whsec_1"]],
        ["\ufeffwhsec_1", ["whsec_1"]],
        ["whsec_2\nwhsec_1\r\n", ["whsec_2", "whsec_1"]],
        ['["whsec_2", "whsec_1"]\n', ["whsec_2", "whsec_1"]],
        ['"whsec_1"', ["whsec_1"]],
        ['["", " whsec_1 "]', ["whsec_1"]],
        ["[]", []],
        ["", []],
        [" \n", []],
        [undefined, []],
        [null, []],
    ])("reads %j", (text, secrets) => {
        expect(secretsFromText(text)).toEqual(secrets);
    });

    test.each(['["whsec_1"', "[1]", "[null]", '{"secret": "whsec_1"}', '"whsec_1', '[["whsec_1", 1]]'])(
        "refuses %s without repeating it",
        (text) => {
            const read = () => secretsFromText(text);
            expect(read).toThrow(expect.objectContaining({ name: "SecretsError", code: "secrets-malformed" }));
            expect(read).not.toThrow("whsec");
        },
    );

    test("reads back any list of secrets that is written as JSON or on lines, and throws nothing but a SecretsError", () => {
        fc.assert(
            fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9_.~+/=-]{1,40}$/)), (secrets) => {
                expect(secretsFromText(JSON.stringify(secrets))).toEqual(secrets);
                expect(secretsFromText(secrets.join("\n"))).toEqual(secrets);
            }),
        );
        fc.assert(
            fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
                try {
                    expect(secretsFromText(text)).toSatisfy((list: string[]) => list.every((one) => one.trim() !== ""));
                } catch (error) {
                    expect(error).toBeInstanceOf(SecretsError);
                }
            }),
        );
    });
});

describe("secretsFromFile", () => {
    async function folder(): Promise<string> {
        const path = await mkdtemp(join(tmpdir(), "receiver-"));
        onTestFinished(() => rm(path, { recursive: true }));
        return path;
    }

    const accepts = async (token: string, source: SecretSource) =>
        (await verifyDelivery({ authorization: `Bearer ${token}` }, source)).ok;

    test("takes up a change of the file at the next delivery, also one of the same length and time", async () => {
        const path = join(await folder(), "secrets");
        const time = new Date("2026-01-01");
        await writeFile(path, "aaa\n");
        await utimes(path, time, time);
        const source = secretsFromFile(path);
        expect(await accepts("aaa", source)).toBe(true);
        await writeFile(path, "bbb\n");
        await utimes(path, time, time);
        expect(await accepts("bbb", source)).toBe(true);
        expect(await accepts("aaa", source)).toBe(false);
    });

    test("follows the links that Kubernetes swaps", async () => {
        const mount = await folder();
        for (const version of ["1", "2"]) {
            await mkdir(join(mount, version));
            await writeFile(join(mount, version, "secrets"), JSON.stringify([`secret-${version}`]));
        }
        await symlink("1", join(mount, "..data"));
        await symlink("..data/secrets", join(mount, "secrets"));
        const source = secretsFromFile(join(mount, "secrets"));
        expect(await accepts("secret-1", source)).toBe(true);
        await symlink("2", join(mount, "..data_tmp"));
        await rename(join(mount, "..data_tmp"), join(mount, "..data"));
        expect(await accepts("secret-2", source)).toBe(true);
        expect(await accepts("secret-1", source)).toBe(false);
    });

    test("keeps the last secrets while the file is gone, and cannot say anything without ever having had it", async () => {
        const path = join(await folder(), "secrets");
        const source = secretsFromFile(path);
        await expect(accepts("aaa", source)).rejects.toThrow(SecretsError);
        await writeFile(path, "aaa");
        expect(await accepts("aaa", source)).toBe(true);
        await rm(path);
        expect(await accepts("aaa", source)).toBe(true);
        await expect(accepts("bbb", source)).rejects.toThrow(SecretsError);
    });
});
