import { CommandError } from "../errors";

/**
 * The text of a dotenv file with a variable set: its line is replaced where there is one, or added at the end. All
 * other lines stay.
 *
 * @param line the variable's new line
 * @throws CommandError where the present value has several lines
 */
export function withVariable(text: string, name: string, line: string): string {
    const own = new RegExp(`^\\s*(export\\s+)?${name}\\s*=\\s*(.*?)\\s*$`);
    let isSet = false;
    const lines = text.split("\n").flatMap((present) => {
        const value = own.exec(present)?.[2];
        if (value === undefined) {
            return [present];
        }
        const quote = /^["'`]/.exec(value)?.[0];
        if (quote !== undefined && !value.slice(1).includes(quote)) {
            throw new CommandError(`${name} has a value of several lines there. Remove it, and run this again.`);
        }
        if (isSet) {
            return [];
        }
        isSet = true;
        return [present.endsWith("\r") ? `${line}\r` : line];
    });
    const all = lines.join("\n");
    if (isSet) {
        return all;
    }
    const end = all === "" || all.endsWith("\n") ? "" : "\n";
    return `${all}${end}${line}\n`;
}
