const loopbackHost = /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether a host name of a URL stands for this machine. */
export function isLoopback(hostname: string): boolean {
    return loopbackHost.test(hostname);
}

/**
 * What a message may say of a webhook's URL: its host. Most hook services put their token into the path or the query.
 */
export function hostOf(url: string): string {
    return URL.canParse(url) ? new URL(url).host : "not a URL";
}
