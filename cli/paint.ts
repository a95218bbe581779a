import { styleText } from "node:util";
import type { Io } from "./io";

type Style = Parameters<typeof styleText>[0];

/** Colours a text, if the result goes to a terminal that shows colours. */
export function paint(io: Pick<Io, "colours">, style: Style, text: string): string {
    // Whether there are colours is decided already, and not by `process.stdout`.
    return io.colours ? styleText(style, text, { validateStream: false }) : text;
}
