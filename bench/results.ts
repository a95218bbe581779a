import { isMet, median, type Section } from "./measure";

/** `bench/results.json`: one whole run. */
export interface Results {
    /** ISO 8601. */
    readonly date: string;
    readonly machine: { readonly processor: string | undefined; readonly cores: number; readonly system: string };
    /** Of Node.js, Pulumi, and so on. */
    readonly versions: Readonly<Record<string, string>>;
    readonly minutes: number;
    readonly sections: readonly SectionResult[];
}

interface SectionResult {
    readonly title: string;
    readonly notes?: readonly string[];
    readonly figures: readonly FigureResult[];
}

export interface FigureResult {
    readonly name: string;
    readonly unit: string;
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly rounds: number;
    readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
    readonly met?: boolean;
    readonly of?: Readonly<Record<string, string | number>>;
}

export function resultOf({ title, notes, figures }: Section): SectionResult {
    return {
        title,
        ...(notes === undefined ? {} : { notes }),
        figures: figures.map((figure): FigureResult => {
            const { name, unit, values, goal, of } = figure;
            const met = isMet(figure);
            return {
                name,
                unit,
                median: digits(median(values)),
                min: digits(Math.min(...values)),
                max: digits(Math.max(...values)),
                rounds: values.length,
                ...(goal === undefined ? {} : { goal }),
                ...(met === undefined ? {} : { met }),
                ...(of === undefined ? {} : { of }),
            };
        }),
    };
}

/** More of them would only be noise. */
const digits = (value: number): number => Number(value.toPrecision(4));

/** The figure of this section that is `of` all of this; an error if there is none or more than one. */
export function figureOf(results: Results, title: string, of: Readonly<Record<string, string | number>>): FigureResult {
    const section = results.sections.find((one) => one.title === title);
    const found = section?.figures.filter((figure) =>
        Object.entries(of).every(([name, value]) => figure.of?.[name] === value),
    );
    const [figure] = found ?? [];
    if (figure !== undefined && found?.length === 1) return figure;
    throw new Error(`There are ${found?.length ?? 0} figures in "${title}" of ${JSON.stringify(of)}.`);
}
