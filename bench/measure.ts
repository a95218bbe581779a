export interface Figure {
    readonly name: string;
    readonly unit: string;
    readonly values: readonly number[] /* one a round */;
    readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
}
export interface Section {
    readonly title: string;
    readonly figures: readonly Figure[] /** What a reader has to know of how it was measured. */;
    readonly notes?: readonly string[];
}
export type Report = (line: string) => void;
