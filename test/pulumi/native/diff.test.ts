import { expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

test("a change is shown property by property, in a preview and as drift; a keeper's and a secret's value is never shown", async () => {
    const url = (name: string) => `https://api.example.com/${name}`;
    const changes: Readonly<Record<string, readonly [inputs: object, paths: object]>> = {
        event: [{ enabledEvents: ["creator.success", "creator.started"] }, { "enabledEvents[1]": "update" }],
        "fewer-events": [{ enabledEvents: ["creator.success"] }, { "enabledEvents[1]": "delete" }],
        url: [{ url: url("other") }, { url: "update" }],
        keeper: [{ rotateWhenChanged: { "by.hand": "2" } }, { 'rotateWhenChanged["by.hand"]': "update" }],
        keepers: [{ rotateWhenChanged: undefined }, { rotateWhenChanged: "delete" }],
    };
    const program = (isChanged: boolean) =>
        Object.entries(changes)
            .map(([name, [inputs]]) => {
                const args = { ...renders, url: url(name), rotateWhenChanged: { "by.hand": "1" } };
                return `new captions.Webhook("${name}", ${JSON.stringify({ ...args, ...(isChanged ? inputs : {}) })});`;
            })
            .join("\n");
    const { emulator, stack } = await startProject(program(false));
    await stack.up();
    emulator.behave({ events: [...renders.enabledEvents, "creator.started"] });
    stack.program(program(true));
    const preview = await stack.preview();
    expect(preview).toMatchObject({ code: 0, operations: { update: Object.keys(changes).length } });
    const paths = Object.fromEntries(Object.entries(changes).map(([name, [, expected]]) => [name, expected]));
    expect(detailedDiffs(preview.events)).toEqual(paths);

    const drifted = emulator.webhooks.find((webhook) => webhook.url === url("event"));
    emulator.update(drifted?.id ?? "", { enabledEvents: ["creator.success"] });
    stack.program(program(false));
    const refresh = await stack.run("refresh", "--preview-only", "--diff");
    // The secret goes with every update.
    expect(detailedDiffs(refresh.events)).toEqual({
        event: { "enabledEvents[1]": expect.anything(), secret: expect.anything() },
    });
});

test("an update's preview has the secret and its version not known yet, and nothing else; without a rotation they are known", async () => {
    const consumer = (changes: Readonly<Record<string, object>>) =>
        ["rotated", "kept"]
            .map((name) => {
                const args = { ...renders, url: `${renders.url}/${name}`, ...changes[name] };
                return `{
const webhook = new captions.Webhook("${name}", ${JSON.stringify(args)});
for (const name of ["id", "url", "enabledEvents", "secret", "secretVersion"]) {
    webhook[name].apply(() => console.log("known of ${name}: " + name + "."));
}
}`;
            })
            .join("\n");
    const { stack } = await startProject(consumer({}));
    await stack.up();
    stack.program(consumer({ rotated: { url: `${renders.url}/other` }, kept: { adopt: true } }));
    const { text } = await stack.preview();
    const known = (of: string) =>
        [...text.matchAll(/known of (\w+): (\w+)\./g)].flatMap(([, one, name]) => (one === of ? [name] : [])).sort();
    expect(known("rotated")).toEqual(["enabledEvents", "id", "url"]);
    expect(known("kept")).toEqual(["enabledEvents", "id", "secret", "secretVersion", "url"]);
});

type Events = Awaited<ReturnType<Awaited<ReturnType<typeof startProject>>["stack"]["preview"]>>["events"];

/** The paths that the engine shows of each resource that changes, and how each does. */
function detailedDiffs(events: Events): Record<string, Record<string, string>> {
    const all: Record<string, Record<string, string>> = {};
    for (const event of events) {
        const { resourcePreEvent, resOutputsEvent } = event as Readonly<Record<string, { metadata: Metadata }>>;
        for (const { metadata } of [resourcePreEvent, resOutputsEvent].filter((one) => one !== undefined)) {
            for (const [path, { diffKind }] of Object.entries(metadata.detailedDiff ?? {})) {
                const name = metadata.urn.split("::").at(-1) ?? "";
                all[name] = { ...all[name], [path]: diffKind };
            }
        }
    }
    return all;
}

interface Metadata {
    readonly urn: string;
    readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string }>>;
}
