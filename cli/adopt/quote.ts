/** A text as a literal of JavaScript and JSON: all that is not printable ASCII is escaped. */
export function quoteForScript(text: string): string {
    return quote(text, "");
}

/** A text as a double-quoted scalar of YAML, which knows no pairs of surrogates. */
export function quoteForYaml(text: string): string {
    return quote(text, "u");
}

/** A text as an expression of Pulumi's YAML, where `${…}` refers to something else and `$$` is a dollar sign. */
export function quoteForPulumiYaml(text: string): string {
    return quoteForYaml(text.replaceAll("$", "$$$$"));
}

/** @param by whether to escape by UTF-16 units ("") or by characters ("u") */
function quote(text: string, by: "" | "u"): string {
    const escaped = text.replace(/["\\]/g, "\\$&").replace(new RegExp("[^\\x20-\\x7e]", `g${by}`), (character) => {
        const code = (character.codePointAt(0) ?? 0).toString(16);
        return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
    });
    return `"${escaped}"`;
}
