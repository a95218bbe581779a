/** What `/list` shows of a webhook. */
type Entry = Readonly<Record<string, unknown>>;

const without = (entry: Entry, field: string): Entry =>
    Object.fromEntries(Object.entries(entry).filter(([name]) => name !== field));

/** Ways to show a webhook other than documented that leave its id readable. */
export const oddForms = {
    "null-events": (entry: Entry) => ({ ...entry, enabledEvents: null }),
    "text-events": (entry: Entry) => ({ ...entry, enabledEvents: "creator.success" }),
    "no-events": (entry: Entry) => without(entry, "enabledEvents"),
    "no-url": (entry: Entry) => without(entry, "url"),
    "null-url": (entry: Entry) => ({ ...entry, url: null }),
    "no-secret": (entry: Entry) => without(entry, "secret"),
} as const satisfies Readonly<Record<string, (entry: Entry) => unknown>>;

const unnamed = {
    "number-id": (entry: Entry) => ({ ...entry, id: 42 }),
    "no-id": (entry: Entry) => without(entry, "id"),
    null: () => null,
    text: () => "wh_text",
} as const satisfies Readonly<Record<string, (entry: Entry) => unknown>>;

const neighbours = { ...oddForms, ...unnamed };

export type OddForm = keyof typeof oddForms;
export type OddNeighbour = keyof typeof neighbours;

export const oddFormNames = Object.keys(oddForms) as [OddForm, ...OddForm[]];
export const oddNeighbourNames = Object.keys(neighbours) as [OddNeighbour, ...OddNeighbour[]];

/** An entry of somebody else's webhook that doesn't fit the documentation. */
export function oddNeighbour(kind: OddNeighbour): unknown {
    return neighbours[kind]({
        id: `wh_neighbour_${kind}`,
        secret: "whsec_neighbour",
        url: `https://neighbour.example.com/${kind}`,
        enabledEvents: ["creator.success"],
    });
}
