/**
 * What a `Retry-After` header may be, given how long the client really has to wait and the time; a list is sent as
 * several headers.
 */
export const retryAfterForms = {
    seconds: (waitMs: number) => String(Math.ceil(waitMs / 1000)),
    // A date has whole seconds: rounded up, so that whoever waits until then has waited long enough.
    "http-date": (waitMs: number, now: number) => new Date(Math.ceil((now + waitMs) / 1000) * 1000).toUTCString(),
    none: () => undefined,
    zero: () => "0",
    fraction: () => "0.3",
    negative: () => "-5",
    "past-date": () => "Thu, 01 Jan 2015 00:00:00 GMT",
    text: () => "soon",
    empty: () => "",
    huge: () => "99999999999999999999",
    "two-values": () => ["1", "60"],
} as const satisfies Readonly<Record<string, (waitMs: number, now: number) => string | string[] | undefined>>;

export type RetryAfterForm = keyof typeof retryAfterForms;

export const retryAfterFormNames = Object.keys(retryAfterForms) as [RetryAfterForm, ...RetryAfterForm[]];
