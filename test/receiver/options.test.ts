import { describe, expect, test } from "vitest";
import {
    cachedSecrets,
    createReceiver,
    memoryDedupe,
    parseDelivery,
    type ReceiverOptions,
    toFastifyPlugin,
} from "../../receiver";
import { secretsFromFile } from "../../receiver/node";
import { deliveryRequest, lambdaDelivery, nodeDelivery, successEvent } from "../../receiver/testing";
import { secret, success } from "./support";

/** Options as a program without types gives them. */
type Given = Record<string, unknown>;

const receiver = (given: Given) =>
    createReceiver({ secrets: secret, onDelivery: () => undefined, ...given } as ReceiverOptions);
const cached = (given: Given) => cachedSecrets(() => secret, given);
const file = (given: Given) => secretsFromFile("/nowhere", given);
const memory = (given: Given) => memoryDedupe(given);
const parse = (given: Given) => parseDelivery(success(), given);
const plugin = (given: Given) =>
    toFastifyPlugin(receiver({}))(
        { removeAllContentTypeParsers: () => undefined, addContentTypeParser: () => undefined, all: () => undefined },
        given,
    );

const never = [null, "5", [5], {}, true, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
const fractions = [...never, 1.5];

/** Each option that is a number, of each function: its range, and what is out of it. */
const numbers: [string, (given: Given) => unknown, string, number, number, unknown[]][] = [
    ["createReceiver", receiver, "keepSeconds", 1, 315_360_000, [...never, 0]],
    ["createReceiver", receiver, "leaseSeconds", 1, 315_360_000, [...never, 0]],
    ["createReceiver", receiver, "waitSeconds", 0, 86_400, never],
    ["createReceiver", receiver, "maxBytes", 1, Number.MAX_SAFE_INTEGER, [...fractions, 0]],
    ["cachedSecrets", cached, "maxAgeSeconds", 0, 315_360_000, never],
    ["cachedSecrets", cached, "minRefetchSeconds", 0, 86_400, never],
    ["cachedSecrets", cached, "maxStaleSeconds", 0, 315_360_000, never],
    ["cachedSecrets", cached, "timeoutSeconds", 0.001, 86_400, [...never, 0]],
    ["cachedSecrets", cached, "maxWaiting", 0, 1_000_000, fractions],
    ["secretsFromFile", file, "maxStaleSeconds", 0, 315_360_000, never],
    ["memoryDedupe", memory, "maxEntries", 1, Number.MAX_SAFE_INTEGER, [...fractions, 0]],
    ["parseDelivery", parse, "maxBytes", 1, Number.MAX_SAFE_INTEGER, [...fractions, 0]],
];

describe.each(numbers)("%s", (owner, give, name, min, max, wrong) => {
    test(`${name} is checked when it is given, and the message has its name and range`, () => {
        for (const value of [...wrong, max * 1.01]) {
            const wrongly = () => give({ [name]: value });
            expect(wrongly).toThrow(typeof value === "number" ? RangeError : TypeError);
            expect(wrongly).toThrow(`${owner}: ${name} must be `);
            expect(wrongly).toThrow(`from ${min} to ${max}; got `);
        }
        for (const value of [undefined, min, max]) {
            // A limit of one byte is valid; the delivery is larger, which is another error.
            if (give === parse && value === min) continue;
            expect(() => give({ [name]: value })).not.toThrow();
        }
    });
});

const noFunction = [null, 1, "f", {}, []];

/** Each other option: what it has to be, what is wrong, what is right. */
const others: [string, (given: Given) => unknown, string, string, unknown[], unknown[]][] = [
    ["createReceiver", receiver, "onDelivery", "a function", [...noFunction, undefined], [() => 1]],
    ["createReceiver", receiver, "onRefused", "a function", noFunction, [undefined, () => 1]],
    ["createReceiver", receiver, "onError", "a function", noFunction, [undefined, () => 1]],
    [
        "createReceiver",
        receiver,
        "secrets",
        "a secret",
        [1, true, {}, { lists: 1 }],
        [undefined, null, "", [], () => 1],
    ],
    [
        "createReceiver",
        receiver,
        "dedupe",
        "false, or a store",
        [null, true, 1, "redis", {}, { claim() {} }],
        [undefined, false, memoryDedupe()],
    ],
    [
        "createReceiver",
        receiver,
        "instance",
        "1 to 200",
        [null, 7, "", "a b", "ü", "a\r\nb: c", "x".repeat(201)],
        [undefined, "pod-7", "arn:aws:x/y_z.1"],
    ],
    ["cachedSecrets", cached, "onFetchError", "a function", noFunction, [undefined, () => 1]],
    ["cachedSecrets", cached, "now", "a function", noFunction, [undefined, () => 1]],
    ["secretsFromFile", file, "onFetchError", "a function", noFunction, [undefined, () => 1]],
    ["memoryDedupe", memory, "now", "a function", noFunction, [undefined, () => 1]],
];

describe.each(others)("%s", (owner, give, name, wanted, wrong, right) => {
    test(`${name} is checked when it is given`, () => {
        for (const value of wrong) {
            const wrongly = () => give({ [name]: value });
            expect(wrongly).toThrow(TypeError);
            expect(wrongly).toThrow(`${owner}: ${name} must be ${wanted}`);
        }
        for (const value of right) expect(() => give({ [name]: value })).not.toThrow();
    });
});

test("toFastifyPlugin checks its path", async () => {
    await expect(plugin({ path: 7 })).rejects.toThrow("toFastifyPlugin: path must be a string");
    await plugin({});
    await plugin({ path: "/hook" });
});

test("what is given instead of options, or of a function or path, is an error, too", () => {
    for (const nothing of [null, 7, "options"]) {
        for (const give of [createReceiver, memoryDedupe, (o: object) => cachedSecrets(() => "", o)]) {
            expect(() => give(nothing as never)).toThrow("the options must be an object");
        }
        expect(() => cachedSecrets(nothing as never)).toThrow("must be a function");
    }
    expect(() => secretsFromFile(7 as never)).toThrow("must be a string or a file URL");
});

test("a secret that is given at the wrong place is not shown", () => {
    expect(() => receiver({ waitSeconds: secret, instance: undefined })).toThrow(/^((?!whsec).)*$/);
    expect(() => receiver({ instance: `${secret} ${secret}` })).toThrow(/^((?!whsec).)*$/);
    expect(() => receiver({ secrets: `["${secret}"]` })).toThrow(/^((?!whsec).)*$/);
});

test("secrets that cannot be secrets are an error when they are given", () => {
    for (const secrets of [`["${secret}"]`, `${secret} ${secret}`, [7]]) {
        expect(() => receiver({ secrets })).toThrow(expect.objectContaining({ code: "secrets-malformed" }));
    }
});

test("one object with the options of a delivery serves for each form of it", async () => {
    const options = { secret, event: successEvent(), url: "https://a.example/hook", format: "1.0" } as const;
    const body = JSON.stringify(options.event);
    expect(await deliveryRequest(options).text()).toBe(body);
    expect(nodeDelivery(options).body).toBe(body);
    expect(lambdaDelivery(options).body).toBe(body);
});

test("an option with a misspelt name is an error that names it and those that there are, not its value", () => {
    const misspelt: [(given: Given) => unknown, string, string][] = [
        [receiver, "dedup", "createReceiver: there is no option dedup; the options are onDelivery, secrets, dedupe, "],
        [cached, "maxAge", "cachedSecrets: there is no option maxAge; the options are maxAgeSeconds, "],
        [file, "maxAgeSeconds", "secretsFromFile: there is no option maxAgeSeconds; the options are maxStaleSeconds, "],
        [memory, "maxEntry", "memoryDedupe: there is no option maxEntry; the options are maxEntries, now."],
        [(given) => deliveryRequest({ secret, ...given }), "evnt", "deliveryRequest: there is no option evnt; "],
        [(given) => nodeDelivery({ secret, ...given }), "evnt", "nodeDelivery: there is no option evnt; "],
        [(given) => lambdaDelivery({ secret, ...given }), "evnt", "lambdaDelivery: there is no option evnt; "],
    ];
    for (const [give, name, sentence] of misspelt) {
        expect(() => give({ [name]: secret })).toThrow(TypeError);
        expect(() => give({ [name]: secret })).toThrow(sentence);
        expect(() => give({ [name]: secret })).toThrow(/^((?!whsec).)*$/);
        expect(() => give({ [name]: undefined })).not.toThrow();
    }
});
