import { expect, test } from "vitest";
import { renders, startProject, webhookProgram } from "../../support/project";

test("a change is shown property by property, in a preview and as drift; a keeper's and a secret's value is never shown", async () => {
    const { emulator, stack } = await startProject(
        webhookProgram({ ...renders, rotateWhenChanged: { "by.hand": "1" } }),
    );
    await stack.up();
    emulator.behave({ events: [...renders.enabledEvents, "creator.started"] });
    const shown = async (inputs: object) => {
        stack.program(webhookProgram({ ...renders, rotateWhenChanged: { "by.hand": "1" }, ...inputs }));
        const preview = await stack.preview();
        expect(preview).toMatchObject({ code: 0, operations: { update: 1 } });
        return detailedDiff(preview.events);
    };
    expect(await shown({ enabledEvents: ["creator.success", "creator.started"] })).toEqual({
        "enabledEvents[1]": "update",
    });
    expect(await shown({ enabledEvents: ["creator.success"] })).toEqual({ "enabledEvents[1]": "delete" });
    expect(await shown({ url: "https://api.example.com/other" })).toEqual({ url: "update" });
    expect(await shown({ rotateWhenChanged: { "by.hand": "2" } })).toEqual({
        'rotateWhenChanged["by.hand"]': "update",
    });
    expect(await shown({ rotateWhenChanged: undefined })).toEqual({ rotateWhenChanged: "delete" });

    const id = String((await stack.webhooks())[0]?.id);
    emulator.update(id, { enabledEvents: ["creator.success"] });
    stack.program(webhookProgram({ ...renders, rotateWhenChanged: { "by.hand": "1" } }));
    const refresh = await stack.run("refresh", "--preview-only", "--diff");
    // The secret goes with every update.
    expect(Object.keys(detailedDiff(refresh.events)).sort()).toEqual(["enabledEvents[1]", "secret"]);
});

test("an update's preview has the secret and its version not known yet, and nothing else; without a rotation they are known", async () => {
    const consumer = (inputs: object) => `
const webhook = new captions.Webhook("renders", ${JSON.stringify(inputs)});
for (const name of ["id", "url", "enabledEvents", "secret", "secretVersion"]) {
    webhook[name].apply(() => console.log("known: " + name + "."));
}`;
    const { stack } = await startProject(consumer(renders));
    await stack.up();
    const known = (text: string) => [...text.matchAll(/known: (\w+)\./g)].map(([, name]) => name).sort();
    stack.program(consumer({ ...renders, url: "https://api.example.com/other" }));
    expect(known((await stack.preview()).text)).toEqual(["enabledEvents", "id", "url"]);
    stack.program(consumer({ ...renders, adopt: true }));
    expect(known((await stack.preview()).text)).toEqual(["enabledEvents", "id", "secret", "secretVersion", "url"]);
});

type Events = Awaited<ReturnType<Awaited<ReturnType<typeof startProject>>["stack"]["preview"]>>["events"];

/** The paths that the engine shows of the one resource that changes, and how each does. */
function detailedDiff(events: Events): Record<string, string> {
    const found = events.flatMap((event) => {
        const { metadata } = (event as { resourcePreEvent?: { metadata: Metadata } }).resourcePreEvent ?? {};
        const outputs = (event as { resOutputsEvent?: { metadata: Metadata } }).resOutputsEvent?.metadata;
        return [metadata, outputs].flatMap((known) => Object.entries(known?.detailedDiff ?? {}));
    });
    return Object.fromEntries(found.map(([path, { diffKind }]) => [path, diffKind]));
}

interface Metadata {
    readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string }>>;
}
