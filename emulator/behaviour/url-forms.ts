/** Changes the path only: a query may carry a signature, and the host has a form of its own. */
const inPath =
    (change: (path: string) => string) =>
    (url: string): string =>
        url.replace(/^([^:/?#]+:\/\/[^/?#]*)([^?#]*)/, (_all, origin: string, path: string) => origin + change(path));

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** How a URL may be spelled when it comes back. All but `tracking-query` still lead to the same place, as a rule. */
export const urlForms = {
    "as-sent": (url: string) => url,
    normalised: (url: string) => (URL.canParse(url) ? new URL(url).href : url),
    "trailing-slash": (url: string) => url.replace(/^([^?#]*[^/?#])(?=[?#]|$)/, "$1/"),
    "no-trailing-slash": (url: string) => url.replace(/\/+(?=[?#]|$)/, ""),
    "upper-case-host": (url: string) => url.replace(/(?<=:\/\/)[^/?#]+/, (host) => host.toUpperCase()),
    "lower-case": (url: string) => url.toLowerCase(),
    "default-port": (url: string) =>
        url.replace(/^(https?):\/\/([^/?#:]+|[^/?#]*\])(?=[/?#]|$)/i, (all, scheme: string) =>
            scheme.toLowerCase() === "https" ? `${all}:443` : `${all}:80`,
        ),
    "percent-encoded": inPath((path) => path.replace(/[-_~]/g, escaped)),
    "percent-decoded": inPath((path) =>
        path.replace(/%([\da-f]{2})/gi, (all, hex: string) => {
            const character = String.fromCharCode(Number.parseInt(hex, 16));
            return /[\w~-]/.test(character) ? character : all;
        }),
    ),
    "percent-lower-case": (url: string) => url.replace(/%[\da-f]{2}/gi, (all) => all.toLowerCase()),
    "tracking-query": (url: string) =>
        url.replace(/^([^?#]*)(\?[^#]*)?/, (_all, rest: string, query: string | undefined) =>
            query === undefined ? `${rest}?utm_source=captions` : `${rest}${query}&utm_source=captions`,
        ),
} as const satisfies Readonly<Record<string, (url: string) => string>>;

export type UrlForm = keyof typeof urlForms;

export const urlFormNames = Object.keys(urlForms) as [UrlForm, ...UrlForm[]];
