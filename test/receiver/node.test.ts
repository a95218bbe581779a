import { mkdir, mkdtemp, open, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createReceiver, type SecretSource, SecretsError, verifyDelivery } from "../../receiver";
import { secretsFromFile } from "../../receiver/node";
import { post, secret, success } from "./support";

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

    test("a file that is emptied and written seconds later, as a shell's > does, costs no genuine delivery", async () => {
        const path = join(await folder(), "secrets");
        await writeFile(path, JSON.stringify([secret]));
        const onFetchError = vi.fn();
        const receiver = createReceiver({
            secrets: secretsFromFile(path, { onFetchError }),
            onDelivery: () => undefined,
            onError: () => undefined,
        });
        const statusOf = async (operationId: string, token: string) =>
            (await receiver(post(success({ operationId }), token))).status;
        expect(await statusOf("op_1", secret)).toBe(200);

        const file = await open(path, "w");
        expect(await statusOf("op_2", secret)).toBe(200);
        expect(await statusOf("op_3", "new")).toBe(503);
        expect(onFetchError).toHaveBeenCalledWith(expect.objectContaining({ code: "secrets-missing" }));
        await file.write('["new", ');
        expect(await statusOf("op_3", "new")).toBe(503);
        expect(await statusOf("op_4", secret)).toBe(200);
        expect(onFetchError).toHaveBeenCalledWith(expect.objectContaining({ code: "secrets-malformed" }));
        await file.write(`"${secret}"]`);
        await file.close();
        expect(await statusOf("op_3", "new")).toBe(200);
        expect(await statusOf("op_5", secret)).toBe(200);
    });

    test("a receiver that is there before the webhook answers 503 until the file is there", async () => {
        const path = join(await folder(), "secrets");
        const receiver = createReceiver({
            secrets: secretsFromFile(path),
            onDelivery: () => undefined,
            onError: () => undefined,
        });
        const early = await receiver(post());
        expect([early.status, early.headers.get("retry-after")]).toEqual([503, "5"]);
        await writeFile(path, "");
        expect((await receiver(post())).status).toBe(503);
        await writeFile(path, secret);
        expect((await receiver(post())).status).toBe(200);
    });

    test("reads what PowerShell's > writes", async () => {
        const path = join(await folder(), "secrets");
        await writeFile(path, `\ufeff${JSON.stringify([secret])}\r\n`, "utf16le");
        expect(await accepts(secret, secretsFromFile(path))).toBe(true);
    });
});
