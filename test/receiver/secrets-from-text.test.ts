import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretsError, secretsFromText } from "../../receiver";

const bytes = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, littleEndian: boolean): Uint8Array {
    const view = new DataView(new ArrayBuffer(2 * text.length));
    for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index), littleEndian);
    return new Uint8Array(view.buffer);
}

describe("secretsFromText", () => {
    test.each([
        ["whsec_1", ["whsec_1"]],
        ["  whsec_1\n", ["whsec_1"]],
        ["\ufeffwhsec_1", ["whsec_1"]],
        ["whsec_2\nwhsec_1\r\n", ["whsec_2", "whsec_1"]],
        ['["whsec_2", "whsec_1"]\n', ["whsec_2", "whsec_1"]],
        ['"whsec_1"', ["whsec_1"]],
        ['["", " whsec_1 "]', ["whsec_1"]],
        ["YWJj+/-_.~==", ["YWJj+/-_.~=="]],
        ['["a,b", "=x"]', ["a,b", "=x"]],
        ["[]", []],
        ['"[]"', []],
        ['""', []],
        ["''", []],
        ["", []],
        [" \n", []],
        [undefined, []],
        [null, []],
    ])("reads %j", (text, secrets) => {
        expect(secretsFromText(text)).toEqual(secrets);
    });

    test.each(["whsec_2\nwhsec_1", '["whsec_2", "whsec_1"]', '[\n  "whsec_2",\n  "whsec_1"\n]\n'])(
        "reads %j in each kind of quotes around the whole, and in each encoding that files come in",
        (text) => {
            const forms = [
                text,
                `'${text}'`,
                `"${text}"`,
                `\`${text}\``,
                JSON.stringify(text),
                ` '${JSON.stringify(text)}'\n`,
            ];
            for (const form of forms) {
                const marked = `\ufeff${form}`;
                const encoded: (string | Uint8Array)[] = [form, marked, bytes(form), bytes(marked), Buffer.from(form)];
                for (const littleEndian of [true, false])
                    encoded.push(utf16(form, littleEndian), utf16(marked, littleEndian));
                for (const each of encoded) expect(secretsFromText(each)).toEqual(["whsec_2", "whsec_1"]);
            }
        },
    );

    test.each([
        ["cut-off JSON", '["whsec_1"', "not JSON"],
        ["a list of numbers", "[1]", "not a string"],
        ["a list with null", "[null]", "not a string"],
        ["lists in a list", '[["whsec_1"]]', "not a string"],
        ["an object", '{"secret": "whsec_1"}', "not a list"],
        ["a quote on one side", '"whsec_1', "quote"],
        ["commas", "whsec_2,whsec_1", "comma"],
        ["commas and spaces", "whsec_2, whsec_1", "comma"],
        ["semicolons", "whsec_2;whsec_1", "semicolon"],
        ["each in quotes", '"whsec_2" "whsec_1"', "quote"],
        ["each in quotes, with commas", "'whsec_2','whsec_1'", "comma"],
        ["single quotes in the list", "['whsec_2', 'whsec_1']", "not JSON"],
        ["backslashes before quotes", '[\\"whsec_1\\"]', "not JSON"],
        ["a line of an env file", "CAPTIONS_WEBHOOK_SECRETS=whsec_1", "equals sign"],
        ["what Pulumi shows without --show-secrets", "[secret]", "not JSON"],
        ["the same as JSON", '"[secret]"', "not JSON"],
        ["a placeholder", "{{ whsec }}", "not JSON"],
        ["an error page", "<html>whsec_1</html>", "bracket"],
        ["null", "null", "not set"],
        ["undefined", "undefined", "not set"],
        ["a masked secret", "********", "asterisks"],
        ["a secret with white space", '["whsec 1"]', "white space"],
        ["quotes in the list", '["\\"whsec_1\\""]', "quote"],
        ["characters beyond ASCII", "“whsec_1”", "ASCII"],
        ["UTF-16 that was read as UTF-8", "\ufffd\ufffdw\0h\0s\0e\0c\0", "ASCII"],
        ["bytes that are no text", new Uint8Array([0x77, 0xff, 0xff]), "UTF-8"],
        ["UTF-16 that was cut off", utf16("whsec_1", true).slice(0, -1), "cut off"],
        ["a number", 7 as unknown as string, "number"],
        ["a list", ["whsec_1"] as unknown as string, "object"],
    ])("rejects %s, and says what is wrong without showing it", (_what, text, said) => {
        const read = () => secretsFromText(text);
        expect(read).toThrow(expect.objectContaining({ name: "SecretsError", code: "secrets-malformed" }));
        expect(read).toThrow(said);
        expect(read).not.toThrow(/whsec/i);
    });

    test("reads back any list of secrets that is written as JSON or on lines, and throws nothing but a SecretsError", () => {
        const secret = fc
            .stringMatching(/^[A-Za-z0-9_.~+/-]{1,40}={0,2}$/)
            .filter((text) => !/^(null|undefined|true|false)$/.test(text));
        fc.assert(
            fc.property(fc.array(secret), (secrets) => {
                expect(secretsFromText(JSON.stringify(secrets))).toEqual(secrets);
                expect(secretsFromText(secrets.join("\n"))).toEqual(secrets);
            }),
        );
        fc.assert(
            fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), (text) => {
                try {
                    expect(secretsFromText(text)).toSatisfy((list: string[]) => list.every((one) => /^\S+$/.test(one)));
                } catch (error) {
                    expect(error).toBeInstanceOf(SecretsError);
                }
            }),
        );
    });
});
