/** One thing that was measured, once a round. */
export interface Figure {
    readonly name: string;
    readonly unit: string;
    /** One a round. */
    readonly values: readonly number[];
    readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
    /** What it is a figure of, for the tables and plots. */
    readonly of?: Readonly<Record<string, string | number>>;
}

/** Figures that belong together. */
export interface Section {
    readonly title: string;
    readonly figures: readonly Figure[];
    /** What a reader has to know of how they were measured. */
    readonly notes?: readonly string[];
}

/** Is told what is being measured, a line each. */
export type Report = (line: string) => void;

/** The middle value; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((one, other) => one - other);
    const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
    return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** Whether the median meets the goal; `undefined` where there is none. */
export function isMet({ values, goal }: Figure): boolean | undefined {
    if (goal === undefined) return undefined;
    return "atMost" in goal ? median(values) <= goal.atMost : median(values) >= goal.atLeast;
}

/** Values of one round over those of another subject in the same round. */
export function ratios(values: readonly number[], others: readonly number[]): readonly number[] {
    return values.map((value, round) => value / (others[round] ?? Number.NaN));
}
