/** Where messages for people go. */
export interface Reporter {
    /** One line of text. */
    log: (line: string) => void;
    /**
     * Replaces the last line on a terminal; an empty text clears it. Without it, progress goes to `log` now and then.
     */
    status?: ((text: string) => void) | undefined;
}

/** Reports on standard error, with a moving line where it is a terminal. */
export function standardErrorReporter(): Reporter {
    const stream = process.stderr;
    const log = (line: string) => {
        stream.write(`${line}\n`);
    };
    if (!stream.isTTY) return { log };
    const clear = "\r\u001b[K";
    return {
        log: (line) => log(clear + line),
        status: (text) => {
            stream.write(clear + text.slice(0, (stream.columns || 80) - 1));
        },
    };
}

const TERMINAL_INTERVAL_MS = 1_000;
const LOG_INTERVAL_MS = 15_000;

/** Says every few seconds how long something takes, as long as `work` runs. */
export async function withProgress<T>(reporter: Reporter, text: () => string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    const show = reporter.status ?? reporter.log;
    const timer = setInterval(
        () => show(`  ${text()}, ${duration(Date.now() - started)} so far`),
        reporter.status ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS,
    );
    try {
        return await work();
    } finally {
        clearInterval(timer);
        reporter.status?.("");
    }
}

/** `42 s`, `3 min 5 s` */
export function duration(milliseconds: number): string {
    const seconds = Math.round(milliseconds / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
