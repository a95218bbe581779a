/**
 * A request's headers, in whichever form they are at hand: `Headers` (also another library's), pairs of name and value,
 * Node's flat `rawHeaders`, or an object as Node's `request.headers`. Names are taken in any letter case.
 */
export type HeadersLike =
    | { get(name: string): string | null }
    | Iterable<readonly [string, string]>
    | readonly string[]
    | { readonly [name: string]: string | readonly string[] | undefined };

/** The bearer token of the request, or why there is none. */
export type BearerToken = { token: string } | { reason: "missing-header" | "malformed-header" };

/** Reads `Authorization: Bearer <token>`. Two such headers are rejected: which one counts is where attacks begin. */
export function bearerToken(headers: HeadersLike): BearerToken {
    const values = [...valuesOf(headers, "authorization")];
    if (values.length === 0) return { reason: "missing-header" };
    // A token has no white space (RFC 6750, section 2.1), so headers that were joined by a proxy do not get through
    // either.
    const token = values.length === 1 ? /^[ \t]*bearer[ \t]+(\S+)[ \t]*$/i.exec(values[0] ?? "")?.[1] : undefined;
    return token === undefined ? { reason: "malformed-header" } : { token };
}

/** Each value of a header, whose name is given in lower case. */
export function* valuesOf(headers: HeadersLike | undefined | null, wanted: string): Generator<string> {
    for (const [name, value] of entriesOf(headers, wanted)) {
        if (typeof name !== "string" || name.toLowerCase() !== wanted) continue;
        for (const one of Array.isArray(value) ? value : [value]) if (typeof one === "string") yield one;
    }
}

function entriesOf(headers: unknown, wanted: string): Iterable<readonly [unknown, unknown]> {
    if (typeof headers !== "object" || headers === null) return [];
    if (Symbol.iterator in headers) return pairsOf([...(headers as Iterable<unknown>)]);
    if ("get" in headers && typeof headers.get === "function") return [[wanted, headers.get(wanted)]];
    return Object.entries(headers);
}

function pairsOf(items: unknown[]): [unknown, unknown][] {
    const flat = typeof items[0] === "string";
    if (!flat) return items.filter(Array.isArray).map((pair) => [pair[0], pair[1]]);
    return items.flatMap((name, index) => (index % 2 === 0 ? [[name, items[index + 1]]] : []));
}
