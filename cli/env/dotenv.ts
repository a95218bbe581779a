/** An entry of a dotenv file, to the end of its line: a value in quotes may have several lines. */
const entries =
    /^([ \t]*(?:export[ \t]+)?)([\w.-]+)[ \t]*=[ \t]*(?:"(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`)?[^\r\n]*(\r?\n|$)/gm;

/**
 * The text of a dotenv file with a variable set: its entry is replaced where there is one, or added at the end. All
 * else stays.
 *
 * @param line the variable's new line, without its end
 */
export function withVariable(text: string, name: string, line: string): string {
    let isSet = false;
    const replaced = text.replace(entries, (entry: string, before: string, found: string, end: string) => {
        if (found !== name) {
            return entry;
        }
        const first = isSet ? "" : `${before}${line}${end}`;
        isSet = true;
        return first;
    });
    if (isSet) {
        return replaced;
    }
    const end = text === "" || text.endsWith("\n") ? "" : "\n";
    return `${text}${end}${line}\n`;
}
