import { expect, test } from "vitest";
import { select } from "../../../cli/prune/select";

const webhook = (
    id: string,
    standing: "in this stack" | "read by this stack" | "looks orphaned" | "not in this stack",
) => ({
    id,
    url: "https://a.example/…",
    enabledEvents: ["creator.success"],
    standing,
    stack: "prod",
    resource: "renders",
});
const webhooks = [
    webhook("wh_mine", "in this stack"),
    webhook("wh_read", "read by this stack"),
    webhook("wh_orphan", "looks orphaned"),
    webhook("wh_other", "looks orphaned"),
    webhook("wh_theirs", "not in this stack"),
];
const comparison = { webhooks, gone: [], rotations: [] };
const list = { webhooks: [], unreadableIds: ["wh_odd"], withoutId: 0 };

test("only what looks orphaned is chosen, each once, and nothing that was not named", () => {
    expect(select(["wh_orphan", "wh_orphan"], comparison, list)).toMatchObject({
        orphans: [{ id: "wh_orphan" }],
        gone: [],
        refusals: [],
    });
    expect(select(["wh_gone"], comparison, list)).toEqual({ orphans: [], gone: ["wh_gone"], refusals: [] });
});

test("whatever else is registered is refused by name, with the reason", () => {
    const { refusals } = select(["wh_mine", "wh_orphan", "wh_read", "wh_theirs", "wh_odd"], comparison, list);
    expect(refusals).toEqual([
        "wh_mine: it is renders of the stack prod. Remove it from the program instead.",
        "wh_read: it is read by renders of the stack prod.",
        expect.stringMatching(/^wh_theirs: it does not look orphaned/),
        "wh_odd: the API shows it in a form that is not documented.",
    ]);
});
