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
    const values = valuesOf(headers, "authorization");
    if (values.length === 0) return { reason: "missing-header" };
    // A token has no white space (RFC 6750, section 2.1), so headers that were joined by a proxy do not get through
    // either.
    const token = values.length === 1 ? /^[ \t]*bearer[ \t]+(\S+)[ \t]*$/i.exec(values[0] ?? "")?.[1] : undefined;
    return token === undefined ? { reason: "malformed-header" } : { token };
}

/** Each value of a header, whose name is given in lower case. */
export function valuesOf(headers: HeadersLike | undefined | null, wanted: string): string[] {
    if (typeof headers !== "object" || headers === null) return [];
    const values: string[] = [];
    const add = (name: unknown, value: unknown): void => {
        if (typeof name !== "string" || name.length !== wanted.length || name.toLowerCase() !== wanted) return;
        for (const one of Array.isArray(value) ? value : [value]) if (typeof one === "string") values.push(one);
    };
    if (Array.isArray(headers) && typeof headers[0] === "string") {
        for (let index = 0; index < headers.length; index += 2) add(headers[index], headers[index + 1]);
    } else if (Symbol.iterator in headers) {
        for (const pair of headers as Iterable<unknown>) if (Array.isArray(pair)) add(pair[0], pair[1]);
    } else if ("get" in headers && typeof headers.get === "function") {
        add(wanted, headers.get(wanted));
    } else {
        for (const [name, value] of Object.entries(headers)) add(name, value);
    }
    return values;
}
