import { randomBytes, randomUUID } from "node:crypto";
import { unknownName } from "../behaviour/issues";
import { EmulatorError } from "../errors";

/** What becomes of a video. */
export type Outcome = (typeof outcomes)[number];

export const outcomes = ["success", "failure"] as const;

/** What the creator's `/submit` takes; only `script` matters here. */
export interface VideoRequest {
    /** What the video says, at most 800 characters. Default: a sentence. */
    readonly script?: string;
    readonly creatorName?: string;
    readonly resolution?: string;
}

export interface Video {
    readonly operationId: string;
    /** In milliseconds since 1970. */
    readonly submittedAt: number;
    /** How long it takes until it succeeds by itself, in seconds; 0: it waits until it is told to. */
    readonly videoSeconds: number;
    /** How long it plays: one credit a second, says the API's documentation. */
    readonly lengthSeconds: number;
    /** What makes its URL look signed, and stands for the permission to fetch it. */
    readonly signature: string;
    /** Undefined while it is being made. */
    readonly outcome?: Outcome | undefined;
}

export const defaultScript = "Hello! This is a video that the emulator has not really made.";

/**
 * About 150 spoken words a minute, the usual pace of a presenter: an estimate, the API says only how it counts seconds.
 */
const charactersPerSecond = 15;

/** Enough for any test; a bound, because an emulator may run for weeks. */
const mostVideos = 10_000;

/** The videos that were asked for, the oldest first (the last 10,000). */
export class VideoStore {
    readonly #videos: Map<string, Video>;
    readonly #changed: () => void;
    readonly #now: () => number;

    /**
     * @param changed called after each change
     * @param now the time, in milliseconds since 1970
     */
    constructor(videos: readonly Video[], changed: () => void, now: () => number) {
        this.#videos = new Map(videos.map((video) => [video.operationId, video]));
        this.#changed = changed;
        this.#now = now;
    }

    get all(): Video[] {
        return [...this.#videos.values()];
    }

    find(operationId: string): Video | undefined {
        return this.#videos.get(operationId);
    }

    submit({ script = defaultScript }: VideoRequest, videoSeconds: number): Video {
        const video: Video = {
            operationId: randomUUID(),
            submittedAt: this.#now(),
            videoSeconds,
            lengthSeconds: Math.max(1, Math.ceil(script.length / charactersPerSecond)),
            signature: randomBytes(32).toString("hex"),
        };
        const [oldest] = this.#videos.keys();
        if (this.#videos.size >= mostVideos && oldest !== undefined) this.#videos.delete(oldest);
        this.#put(video);
        return video;
    }

    /**
     * Ends the making of a video. With the outcome that it has already it changes nothing, so that its delivery can be
     * repeated.
     *
     * @throws {EmulatorError} if there is no such video or outcome, or if it has ended the other way
     */
    finish(operationId: string, outcome: Outcome): Video {
        const before = this.find(operationId);
        if (before === undefined) throw new EmulatorError(`There is no video with the operation id ${operationId}.`);
        if (!outcomes.includes(outcome)) throw unknownName("outcome", String(outcome), outcomes);
        if (before.outcome === outcome) return before;
        if (before.outcome !== undefined) {
            throw new EmulatorError(`The video ${operationId} has ended already, with "${before.outcome}".`);
        }
        const video: Video = { ...before, outcome };
        this.#put(video);
        return video;
    }

    clear(): void {
        this.#videos.clear();
        this.#changed();
    }

    #put(video: Video): void {
        this.#videos.set(video.operationId, video);
        this.#changed();
    }
}

/** How much of it is done, in percent: never 100 while it is still being made. */
export function progressOf(video: Video, now: number): number {
    if (video.outcome !== undefined) return 100;
    if (video.videoSeconds === 0) return 0;
    return Math.min(99, Math.floor((now - video.submittedAt) / (10 * video.videoSeconds)));
}

/** Where it can be fetched, with a credential in it as the real ones have: it belongs into no log. */
export function signedUrl(emulatorUrl: string, video: Video): string {
    return `${emulatorUrl}/videos/${video.operationId}.mp4?X-Amz-Expires=3600&X-Amz-Signature=${video.signature}`;
}
