/**
 * What came of one test delivery.
 *
 * - `accepted`: a status from 200 to 299; `rejected`: 401 or 403; `other`: any other status
 * - `intermediary`: a page or a login of something in front of the receiver answered in its place
 * - `no-connection`: nobody could be reached; `untrusted`: the TLS handshake failed; `proxy`: the proxy of
 *   `HTTPS_PROXY` did not connect; `timeout`: no answer in time; `closed`: the connection was closed before an answer
 * - `skipped`: not sent, because the request before it in the same round was not answered
 */
export type Outcome =
    | "accepted"
    | "rejected"
    | "other"
    | "intermediary"
    | "no-connection"
    | "untrusted"
    | "proxy"
    | "timeout"
    | "closed"
    | "skipped";

/** An answer, without anything of its text: a server may echo the secret. */
export interface Answer {
    readonly outcome: Outcome;
    /** The HTTP status; the proxy's own with the outcome `proxy`. */
    readonly status?: number;
    /** The error's code, such as `ECONNREFUSED`, where there is no status. */
    readonly code?: string;
}

/** What is looked at in a response. */
export interface Response {
    readonly status: number;
    readonly wwwAuthenticate: string;
    /** Whether the body is a whole HTML document. */
    readonly isPage: boolean;
    /** The header by which the instances of a receiver are told apart. */
    readonly instance: string | undefined;
}

/** Whether a response carries something that only the receiver itself would send. */
export function isSigned({ instance, wwwAuthenticate }: Response): boolean {
    return instance !== undefined || /^bearer$/i.test(wwwAuthenticate.trim());
}

export function answerOf(response: Response): Answer {
    const { status } = response;
    if (isOfIntermediary(response)) {
        return { outcome: "intermediary", status };
    }
    if (status >= 200 && status <= 299) {
        return { outcome: "accepted", status };
    }
    return { outcome: status === 401 || status === 403 ? "rejected" : "other", status };
}

/**
 * A receiver has neither pages nor passwords. A page with another status, such as 404, may be from the receiver's own
 * framework, and means the same whoever sent it.
 */
function isOfIntermediary(response: Response): boolean {
    const { status, wwwAuthenticate, isPage } = response;
    if (isSigned(response)) {
        return false;
    }
    if (status === 407 || status === 511) {
        return true;
    }
    const decides = (status >= 200 && status <= 299) || status === 401 || status === 403;
    return decides && (isPage || (wwwAuthenticate !== "" && !/\bbearer\b/i.test(wwwAuthenticate)));
}
