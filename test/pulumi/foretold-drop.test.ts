import { expect, test } from "vitest";
import { renders, startProject } from "../support/project";

const names = ["kept", "dropped-at-once", "same", "overlapping"] as const;
type Families = Readonly<Record<(typeof names)[number], object>>;

const rotating = (all: Families) =>
    names
        .map((name) => {
            const args = { ...renders, url: `${renders.url}/${name}`, ...all[name] };
            return `new captions.RotatingWebhook("${name}", ${JSON.stringify(args)});`;
        })
        .join("\n");

test("a preview with --refresh says that the run would keep the last generation that receivers know, or delete it at once", async () => {
    const first = { generations: ["a"] };
    const { emulator, stack } = await startProject(
        rotating({ kept: first, "dropped-at-once": first, same: first, overlapping: first }),
    );
    await stack.up();
    const idOf = (name: string) => emulator.webhooks.find(({ url }) => url === `${renders.url}/${name}`)?.id;
    stack.program(
        rotating({
            kept: { generations: ["b"] },
            "dropped-at-once": { generations: ["b"], dropAtOnce: true },
            same: first,
            overlapping: { generations: ["b", "a"] },
        }),
    );
    const preview = await stack.preview("--refresh");
    expect(preview).toMatchObject({ code: 0, calls: ["list"] });
    const told = (words: RegExp) => [...new Set([...preview.text.matchAll(words)].map(([, id]) => id))];
    expect(told(/The run that registers it keeps (wh_\w+), and fails/g)).toEqual([idOf("kept")]);
    expect(told(/(wh_\w+) will be deleted in the run that/g)).toEqual([idOf("dropped-at-once")]);
    // Nothing of the other two.
    expect(told(/keeps (wh_\w+)/g)).toEqual([idOf("kept")]);
    expect(told(/(\S+) will be deleted/g)).toEqual([idOf("dropped-at-once")]);
});
