import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Behaviour, Fault } from "../../emulator";

/** What is kept of a state that a form of the package has written. */
export interface Form {
    /** What the program declared, by name. */
    readonly declared: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** Webhooks that the program only reads: their ids, by name. */
    readonly read?: Readonly<Record<string, string>>;
    /** How the API has to behave for the state to be right. */
    readonly behaviour?: Partial<Behaviour>;
    /** Whether the run that wrote it failed half-way: then the next run reads back. */
    readonly halfWay?: boolean;
    /** The webhooks whose rotation was asked for and not done: the next run has to do it, once. */
    readonly pending?: readonly string[];
}

const url = (path: string) => `https://api.example.com/${path}`;
const enabledEvents = ["creator.success", "creator.failure"];

/** How the present package is made to write a form. */
export interface Making extends Form {
    /** How the API behaves in the first run, besides. */
    readonly during?: Partial<Behaviour>;
    /** What the program declares in a second run, and what goes wrong in it. */
    readonly then?: {
        readonly declared: Form["declared"];
        readonly fault: Fault | undefined;
        readonly during?: Partial<Behaviour>;
    };
}

export function makings(adopted: string, legacy: string, front = "dynamic"): Readonly<Record<string, Making>> {
    return {
        complete: {
            declared: {
                plain: { url: url("plain"), enabledEvents },
                adopted: { url: url("adopted"), enabledEvents, adopt: adopted },
                // With the plugin an account is a provider.
                account: { url: url("account"), enabledEvents, ...(front === "native" ? {} : { account: "eu" }) },
                rotated: {
                    url: url("rotated"),
                    enabledEvents,
                    rotateWhenChanged: { quarter: "2026-Q3", count: 1, on: true },
                },
                once: { url: url("twice"), enabledEvents, allowDuplicateUrl: true },
                twice: { url: url("twice"), enabledEvents, allowDuplicateUrl: true },
                spelled: {
                    url: "HTTPS://API.example.com:443/a/../sp%65lled",
                    enabledEvents: [...enabledEvents, ...enabledEvents],
                },
            },
            read: { legacy },
            then: {
                declared: {
                    rotated: {
                        url: url("rotated"),
                        enabledEvents,
                        rotateWhenChanged: { quarter: "2026-Q4", count: 1, on: true },
                    },
                },
                fault: undefined,
            },
        },
        "shown-otherwise": {
            declared: { plain: { url: url("plain"), enabledEvents } },
            behaviour: { urlForm: "trailing-slash", eventOrder: "reversed" },
        },
        "without-secret": {
            declared: { plain: { url: url("plain"), enabledEvents } },
            during: { secrets: "missing" },
            halfWay: true,
        },
        "rotation-lost": {
            declared: { plain: { url: url("plain"), enabledEvents } },
            then: {
                declared: { plain: { url: url("plain"), enabledEvents, rotateWhenChanged: { quarter: "2026-Q4" } } },
                fault: { endpoint: "update", kind: "hang-after" },
                // Longer than the call and the search for its effect take, and shorter than the webhook has been there.
                during: { listLagMs: 5_000 },
            },
            halfWay: true,
        },
        "rotation-not-done": {
            declared: { plain: { url: url("plain"), enabledEvents } },
            then: {
                declared: { plain: { url: url("plain"), enabledEvents, rotateWhenChanged: { quarter: "2026-Q4" } } },
                fault: { endpoint: "update", kind: "hang" },
            },
            halfWay: true,
            pending: ["plain"],
        },
        "change-not-done": {
            declared: { plain: { url: url("plain"), enabledEvents } },
            then: {
                // Another URL, though one that an API could show for the one before.
                declared: { plain: { url: url("plain/"), enabledEvents: ["creator.success"] } },
                fault: { endpoint: "update", kind: "hang" },
            },
            halfWay: true,
            pending: ["plain"],
        },
    };
}

/** Where the states of a front are: those of the plugin have a folder of their own. */
export function rootOf(front: "dynamic" | "native"): string {
    return front === "native" ? join(__dirname, "native") : __dirname;
}

/** The states that earlier forms of the package have written, by version and form. */
export function keptStates(front: "dynamic" | "native"): readonly (readonly [version: string, form: string])[] {
    const root = rootOf(front);
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const versions = folders.map(({ name }) => name).filter((name) => name !== "native" && name !== "dynamic");
    return versions.flatMap((version) => readdirSync(join(root, version)).map((form) => [version, form] as const));
}

/** Whether a version is one that users have, and not a form on the way to it, or one that was made by hand. */
export function isReleased(version: string): boolean {
    return /^\d+\.\d+\.\d+$/.test(version);
}

/** The program of a form. */
export function program({ declared, read = {} }: Form, change: Readonly<Record<string, unknown>> = {}): string {
    const lines = Object.entries(declared).map(
        ([name, inputs]) =>
            `out["${name}"] = new captions.Webhook("${name}", ${JSON.stringify({ ...inputs, ...change })});`,
    );
    const gets = Object.entries(read).map(([name, id]) => `out["${name}"] = captions.Webhook.get("${name}", "${id}");`);
    return `
const out = {};
${[...lines, ...gets].join("\n")}
module.exports = Object.fromEntries(Object.entries(out).map(([name, { id, secret, secretVersion }]) => [name, pulumi.secret({ id, secret, secretVersion })]));
`;
}

export const files = { form: "form.json", state: "state.json", webhooks: "webhooks.json" } as const;

export function readJson<T>(...path: string[]): T {
    return JSON.parse(readFileSync(join(...path), "utf8"));
}

export function writeJson(value: unknown, ...path: string[]): void {
    const file = join(...path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
