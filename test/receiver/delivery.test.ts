import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type Delivery, DeliveryError, parseDelivery } from "../../receiver";
import { success, videoUrl } from "./support";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("parseDelivery", () => {
    test("reads a video that is ready, from text, bytes or an object", () => {
        const raw = success();
        const delivery = { event: "creator.success", operationId: "op_1", url: videoUrl, creditsSpent: 12, raw };
        const text = JSON.stringify(raw);
        for (const body of [text, `\ufeff${text}`, bytes(text), Buffer.from(text), bytes(`\ufeff${text}`), raw]) {
            expect(parseDelivery(body)).toEqual(delivery);
        }
    });

    test("reads a failed video, whatever it says about URL and credits", () => {
        const failure = { event: "creator.failure", operationId: "op_1" };
        for (const raw of [failure, { ...failure, url: "" }, { ...failure, url: null, creditsSpent: null }]) {
            expect(parseDelivery(raw)).toEqual({ ...failure, raw });
        }
        const raw = { ...failure, url: videoUrl, creditsSpent: 0 };
        expect(parseDelivery(raw)).toEqual({ ...raw, raw });
    });

    test("keeps unknown events, with or without an operation's id", () => {
        const raw = { event: "creator.progress", operationId: "op_1", progress: 45 };
        expect(parseDelivery(raw)).toEqual({ event: "unknown", name: "creator.progress", operationId: "op_1", raw });
        expect(parseDelivery('{"event":"unknown"}')).toEqual({
            event: "unknown",
            name: "unknown",
            raw: { event: "unknown" },
        });
    });

    test("recognises a test", () => {
        expect(parseDelivery({ event: "pulumi-captions.test" })).toMatchObject({ event: "pulumi-captions.test" });
    });

    test("keeps fields that it does not know at hand", () => {
        expect(parseDelivery(JSON.stringify(success({ language: "de" }))).raw.language).toBe("de");
    });

    test("a switch over the event tells the types apart", () => {
        const told = (delivery: Delivery): string => {
            switch (delivery.event) {
                case "creator.success":
                    expectTypeOf(delivery.url).toEqualTypeOf<string>();
                    expectTypeOf(delivery.creditsSpent).toEqualTypeOf<number>();
                    return delivery.operationId;
                case "creator.failure":
                    expectTypeOf(delivery.url).toEqualTypeOf<string | undefined>();
                    return delivery.operationId;
                case "pulumi-captions.test":
                    return "a test";
                case "unknown":
                    return delivery.name;
            }
        };
        expect(told(parseDelivery(success()))).toBe("op_1");
    });

    test.each([
        ["not-json", ""],
        ["not-json", "{"],
        ["not-json", `{"url": "${videoUrl}"`],
        ["not-json", new Uint8Array([0x22, 0xff, 0x22])],
        ["not-an-object", "null"],
        ["not-an-object", "[]"],
        ["not-an-object", `"${videoUrl}"`],
        ["not-an-object", []],
        ["too-large", JSON.stringify(success({ more: "x".repeat(1024 * 1024) }))],
        ["too-large", bytes(JSON.stringify(success({ more: "ü".repeat(600_000) })))],
        ["too-large", JSON.stringify(success({ more: "ü".repeat(600_000) }))],
    ])("refuses with %s what is no JSON object, or too large, and repeats none of it", (code, body) => {
        const parse = () => parseDelivery(body);
        expect(parse).toThrow(expect.objectContaining({ name: "DeliveryError", code }));
        expect(parse).not.toThrow("signature");
    });

    test.each([
        ["event", { event: undefined }],
        ["event", { event: "" }],
        ["event", { event: 1 }],
        ["operationId", { operationId: undefined }],
        ["operationId", { operationId: 7 }],
        ["operationId", { operationId: "", event: "creator.failure" }],
        ["url", { url: "" }],
        ["url", { url: null }],
        ["creditsSpent", { creditsSpent: "12" }],
        ["creditsSpent", { creditsSpent: null }],
    ])("says which field is wrong: %s in %j", (field, changes) => {
        const parse = () => parseDelivery(JSON.stringify(success(changes)));
        expect(parse).toThrow(expect.objectContaining({ name: "DeliveryError", code: "invalid-field", field }));
        expect(parse).toThrow(`"${field}"`);
        expect(parse).not.toThrow("signature");
    });

    test("fields are taken from the object itself, not from what it inherits", () => {
        expect(() => parseDelivery(`{"__proto__": ${JSON.stringify(success())}}`)).toThrow(DeliveryError);
        expect(() => parseDelivery(Object.create(success()))).toThrow(DeliveryError);
    });

    test("takes a body of exactly the limit", () => {
        const text = JSON.stringify(success());
        expect(parseDelivery(text, { maxBytes: text.length }).event).toBe("creator.success");
        expect(() => parseDelivery(text, { maxBytes: text.length - 1 })).toThrow(DeliveryError);
        expect(() => parseDelivery(bytes(text), { maxBytes: text.length - 1 })).toThrow(DeliveryError);
    });

    test("throws nothing but a DeliveryError, whatever comes, and tells nothing of it", () => {
        const marked = fc.constant("signature=5f0c3a");
        const field = fc.oneof(marked, fc.string(), fc.constant("creator.success"), fc.anything());
        const nearly = fc.record(
            { event: field, operationId: field, url: field, creditsSpent: field },
            { requiredKeys: [] },
        );
        const body = fc.oneof(
            fc.json(),
            fc.string(),
            fc.uint8Array(),
            fc.anything(),
            nearly,
            marked.map((text) => `{"event": "${text}"`),
        );
        fc.assert(
            fc.property(body, (given) => {
                try {
                    const delivery = parseDelivery(given as string);
                    expect(["creator.success", "creator.failure", "pulumi-captions.test", "unknown"]).toContain(
                        delivery.event,
                    );
                } catch (error) {
                    expect(error).toBeInstanceOf(DeliveryError);
                    expect(String(error)).not.toContain("signature");
                }
            }),
            { numRuns: 1000 },
        );
    });
});
