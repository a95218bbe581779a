import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { Api } from "./api/api";
import { type Call, type Endpoint, webhookEndpoints } from "./api/calls";
import { type Behaviour, changeBehaviour, defaultBehaviour } from "./behaviour/behaviour";
import { checkNames } from "./behaviour/issues";
import { attemptOnce, type DelivererOptions, type Delivery, deliver } from "./deliveries";
import { EmulatorError } from "./errors";
import type { Fault } from "./faults/fault";
import { LateWork } from "./faults/late-work";
import { FaultQueue } from "./faults/queue";
import { checkOptions, defaultHost, type EmulatorOptions } from "./options";
import { isLoopback } from "./server/guard";
import { type ConnectionMode, type Listening, listen } from "./server/listener";
import { createSite } from "./server/site";
import { Traffic } from "./server/traffic";
import { AttemptNumbers } from "./store/attempt-numbers";
import { Changes } from "./store/changes";
import { Journal } from "./store/journal";
import { loadState, saveState } from "./store/state-file";
import { type Outcome, type Video, type VideoRequest, VideoStore } from "./store/videos";
import { type RegisteredWebhook, type StoredWebhook, type WebhookSettings, WebhookStore } from "./store/webhooks";

/**
 * Starts a server that behaves like the webhooks of the Captions API, deliveries included, for tests and to try things
 * out: Captions itself has no test environment.
 *
 * @throws {EmulatorError} when the port is in use, the state file is broken, or an option is not possible
 *
 * @example
 * ```ts
 * import { startEmulator } from "pulumi-captions/emulator";
 *
 * const emulator = await startEmulator({ behaviour: { listLagMs: 200 } });
 * process.env.CAPTIONS_BASE_URL = emulator.baseUrl;
 * process.env.CAPTIONS_API_KEY = emulator.apiKey;
 *
 * // The next register is done, but its answer never arrives:
 * emulator.inject({ endpoint: "register", kind: "lost-answer" });
 *
 * // A receiver is called as Captions would call it:
 * emulator.register({ url: "http://127.0.0.1:8080/hooks", enabledEvents: ["creator.success"] });
 * const operationId = emulator.submitVideo();
 * const [delivery] = await emulator.finishVideo(operationId, "success");
 * console.log(delivery?.accepted, delivery?.status);
 *
 * await emulator.stop();
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
    const emulator = new Emulator(options);
    await emulator.listen();
    return emulator;
}

/** A running emulator: what it serves, what it has seen, and how it is to behave. */
export class Emulator {
    /** What calls must carry as `x-api-key`. */
    readonly apiKey: string;
    readonly #options: EmulatorOptions;
    readonly #stopping = new AbortController();
    readonly #firstBehaviour: Behaviour;
    readonly #faults = new FaultQueue();
    readonly #lateWork = new LateWork();
    readonly #now: () => number;
    readonly #changes = new Changes();
    readonly #traffic = new Traffic();
    readonly #local: boolean;
    readonly #calls: Journal<Call>;
    readonly #deliveries: Journal<Delivery>;
    /** What was sent, for as long as the journal has the delivery: the video's URL in it must not show. */
    readonly #bodies = new WeakMap<Delivery, string>();
    readonly #attemptNumbers = new AttemptNumbers();
    readonly #webhooks: WebhookStore;
    readonly #videos: VideoStore;
    readonly #api: Api;
    #behaviour: Behaviour;
    #listening: Listening | undefined;
    #stopped: Promise<void> | undefined;

    /** @internal use {@link startEmulator} */
    constructor(options: EmulatorOptions) {
        checkOptions(options);
        this.#options = options;
        this.#local = isLoopback(options.host ?? defaultHost);
        this.apiKey = options.apiKey ?? (this.#local ? "emulator-key" : randomBytes(24).toString("base64url"));
        this.#now = options.now ?? Date.now;
        // Every call that waits listens to it, however many there are.
        setMaxListeners(0, this.#stopping.signal);
        this.#calls = new Journal(() => this.#changes.announce(), this.#now);
        this.#deliveries = new Journal(() => this.#changes.announce(), this.#now);
        this.#firstBehaviour = changeBehaviour(defaultBehaviour, options.behaviour ?? {});
        this.#behaviour = this.#firstBehaviour;
        const state = options.stateFile === undefined ? { webhooks: [], videos: [] } : loadState(options.stateFile);
        this.#webhooks = new WebhookStore(state.webhooks, () => this.#save(), this.#now);
        this.#videos = new VideoStore(state.videos, () => this.#save(), this.#now);
        this.#api = new Api({
            apiKey: this.apiKey,
            emulatorUrl: () => this.url,
            behaviour: () => this.#behaviour,
            webhooks: this.#webhooks,
            videos: this.#videos,
            submit: (request) => this.#submit(request),
            now: this.#now,
        });
    }

    /** @internal */
    async listen(): Promise<void> {
        const { host = defaultHost, port = 0, tls, log = () => undefined } = this.#options;
        const stores = { calls: this.#calls, deliveries: this.#deliveries, webhooks: this.#webhooks };
        const handle = createSite({
            access: { local: this.#local, apiKey: this.apiKey },
            calls: {
                ...stores,
                api: this.#api,
                apiKey: this.apiKey,
                behaviour: () => this.#behaviour,
                faults: this.#faults,
                lateWork: this.#lateWork,
                traffic: this.#traffic,
                log,
                now: this.#now,
                signal: this.#stopping.signal,
            },
            control: { ...stores, emulator: this, changes: this.#changes },
            videos: this.#videos,
            log,
        });
        this.#listening = await listen({ host, port, tls, traffic: this.#traffic, handle });
        for (const video of this.#videos.all) this.#finishByItself(video);
    }

    /** Where the web page is: `http://127.0.0.1:4010`. */
    get url(): string {
        if (this.#listening === undefined) throw new EmulatorError("The emulator has not started.");
        return this.#listening.url;
    }

    /** The address to open the web page with: {@link url}, with the API key in the fragment where the page needs it. */
    get pageUrl(): string {
        return this.#local ? `${this.url}/` : `${this.url}/#key=${encodeURIComponent(this.apiKey)}`;
    }

    /** The base URL of the webhook endpoints: what `CAPTIONS_BASE_URL` takes. */
    get baseUrl(): string {
        return `${this.url}/api/webhooks`;
    }

    /** The base URL of the AI Creator's endpoints. */
    get creatorUrl(): string {
        return `${this.url}/api/creator`;
    }

    /**
     * The calls since the start or {@link clearCalls}, the oldest first (the last 10,000); a call is in it as soon as
     * its body has come.
     */
    get calls(): Call[] {
        return this.#calls.entries;
    }

    /** How many calls there were: of one endpoint, or of the five webhook endpoints together. */
    countCalls(endpoint?: Endpoint): number {
        const counted: readonly string[] = endpoint === undefined ? webhookEndpoints : [endpoint];
        return this.#calls.count((call) => counted.includes(call.endpoint));
    }

    /** Forgets the calls, {@link maxInFlight} and {@link connections}. */
    clearCalls(): void {
        this.#calls.clear();
        this.#traffic.clear();
    }

    /**
     * Resolves with the first call that fits, among those in {@link calls} and those to come. It is asked again as a
     * call gets its answer.
     */
    whenCalled(predicate: (call: Call) => boolean): Promise<Call> {
        return this.#calls.when(predicate);
    }

    /** The webhooks as they really are, the oldest first, whatever `/list` shows at the moment. */
    get webhooks(): RegisteredWebhook[] {
        return this.#webhooks.all.map(withoutVersion);
    }

    /** Every attempt of a delivery that has ended, the oldest first (the last 10,000). */
    get deliveries(): Delivery[] {
        return this.#deliveries.entries;
    }

    /** Resolves with the first delivery that fits, among those in {@link deliveries} and those to come. */
    whenDelivered(predicate: (delivery: Delivery) => boolean): Promise<Delivery> {
        return this.#deliveries.when(predicate);
    }

    /** The videos that were asked for, the oldest first. */
    get videos(): { operationId: string; outcome: Outcome | undefined }[] {
        return this.#videos.all.map(({ operationId, outcome }) => ({ operationId, outcome }));
    }

    /** How many API calls are being worked on. */
    get inFlight(): number {
        return this.#traffic.inFlight;
    }

    /** The most API calls that were worked on at the same time since {@link clearCalls}. */
    get maxInFlight(): number {
        return this.#traffic.maxInFlight;
    }

    /**
     * How many TCP connections were used for API calls since {@link clearCalls}; those that were open before don't
     * count.
     */
    get connections(): number {
        return this.#traffic.connections;
    }

    /** The switches as they are. */
    get behaviour(): Behaviour {
        return this.#behaviour;
    }

    /**
     * Changes switches; the others stay as they are.
     *
     * @throws {EmulatorError} when there is no such switch, or it has no such value
     */
    behave(change: Partial<Behaviour>): void {
        this.#behaviour = changeBehaviour(this.#behaviour, change);
        this.#changes.announce();
    }

    /**
     * Lets something go wrong with the next calls.
     *
     * @throws {EmulatorError} when there is no such fault
     */
    inject(fault: Fault): void {
        this.#faults.inject(fault);
    }

    /** Forgets the faults that have not happened yet. */
    clearFaults(): void {
        this.#faults.clear();
    }

    /** Resolves as soon as all work is done that a fault put off with `doneAfterMs`: at once, if there is none. */
    settled(): Promise<void> {
        return this.#lateWork.settled();
    }

    /**
     * Stops listening, so that new connections are refused; those that are open stay so (see {@link
     * closeIdleConnections}).
     */
    refuseConnections(): Promise<void> {
        return this.#setMode("refused");
    }

    /** Closes each new connection at once, before anything is read from it; those that are open stay so. */
    dropConnections(): Promise<void> {
        return this.#setMode("dropped");
    }

    /**
     * Takes new connections again, on the same port.
     *
     * @throws {EmulatorError} when the port has been taken meanwhile
     */
    acceptConnections(): Promise<void> {
        return this.#setMode("accepted");
    }

    /** Closes the connections on which no API call is under way, so that the next call needs a new one. */
    closeIdleConnections(): void {
        this.#listening?.closeIdle();
    }

    /**
     * Registers a webhook as somebody else would, by hand: it is no call. The values are not checked.
     *
     * @throws {EmulatorError} when there is no such setting
     */
    register(settings: WebhookSettings): RegisteredWebhook {
        checkNames("setting of a webhook", settings, webhookSettings);
        return withoutVersion(this.#webhooks.register(settings));
    }

    /**
     * Changes a webhook as somebody else would, by hand; as always, it gets a new secret.
     *
     * @throws {EmulatorError} when there is no such webhook, or no such setting
     */
    update(id: string, change: Partial<WebhookSettings>): RegisteredWebhook {
        checkNames("setting of a webhook", change, webhookSettings);
        const webhook = this.#webhooks.update(id, change);
        if (webhook === undefined) throw unknownWebhook(id);
        return withoutVersion(webhook);
    }

    /**
     * Gives a webhook a new secret, as somebody else would, by hand.
     *
     * @throws {EmulatorError} when there is no such webhook
     */
    rotate(id: string): RegisteredWebhook {
        return this.update(id, {});
    }

    /**
     * Deletes a webhook as somebody else would, by hand.
     *
     * @throws {EmulatorError} when there is no such webhook
     */
    remove(id: string): void {
        if (!this.#webhooks.remove(id)) throw unknownWebhook(id);
    }

    /** Asks for a video as `/submit` does, without a call. @returns its operation id */
    submitVideo(request: VideoRequest = {}): string {
        return this.#submit(request).operationId;
    }

    /**
     * Ends a video, and delivers that to the webhooks with the event. With the outcome that the video has already, the
     * delivery is repeated, as an API may do.
     *
     * @returns all attempts, once the last receiver has answered or its time is over
     * @throws {EmulatorError} when there is no such video or outcome, or it has ended the other way
     */
    async finishVideo(operationId: string, outcome: Outcome): Promise<Delivery[]> {
        const video = this.#videos.finish(operationId, outcome);
        return deliver(video, outcome, this.#delivererOptions);
    }

    /**
     * Delivers an event again, whatever came of it before: the very same body, once, to where its webhook points now
     * and with the secret that it has now.
     *
     * @param deliveryId the `id` of one of {@link deliveries}
     * @throws {EmulatorError} when there is no such delivery (any more), or its webhook has been deleted
     */
    async redeliver(deliveryId: string): Promise<Delivery> {
        const before = this.#deliveries.newestFirst().find(({ id }) => id === deliveryId);
        const body = before === undefined ? undefined : this.#bodies.get(before);
        if (before === undefined || body === undefined) {
            throw new EmulatorError("There is no such delivery: the emulator keeps the last 10,000 since its start.");
        }
        const { webhookId, event, operationId } = before;
        const webhook = this.#webhooks.find(webhookId);
        if (webhook === undefined) {
            throw new EmulatorError(
                `The webhook ${webhookId} has been deleted, so its event cannot be delivered again. Register a webhook, ` +
                    "and end a new video.",
            );
        }
        return attemptOnce(webhook, { event, operationId, body }, this.#delivererOptions);
    }

    /** As if it had just been started, without any webhook. Late work is cancelled. */
    reset(): void {
        this.#lateWork.cancel();
        this.#behaviour = this.#firstBehaviour;
        this.#faults.clear();
        this.#api.reset();
        this.#webhooks.clear();
        this.#videos.clear();
        this.#deliveries.clear();
        this.#attemptNumbers.clear();
        this.clearCalls();
        // Only to listen again takes time, and can fail: when the port has been taken meanwhile.
        this.acceptConnections().catch((error: unknown) => this.#options.log?.(String(error)));
    }

    /**
     * Closes all connections and ends all that goes on; nothing keeps the process alive after it. Again: the same
     * promise.
     */
    stop(): Promise<void> {
        this.#stopped ??= (async () => {
            this.#stopping.abort();
            this.#lateWork.cancel();
            await this.#listening?.close();
        })();
        return this.#stopped;
    }

    /** @internal calls the listener at each change until the answer is called */
    onChange(listener: () => void): () => void {
        return this.#changes.listen(listener);
    }

    get #delivererOptions(): DelivererOptions {
        return {
            emulatorUrl: () => this.url,
            behaviour: () => this.#behaviour,
            webhooks: this.#webhooks,
            attemptNumbers: this.#attemptNumbers,
            record: (delivery, body) => {
                this.#bodies.set(this.#deliveries.add(delivery), body);
                const answer = delivery.status ?? delivery.error;
                this.#options.log?.(`delivery  ${delivery.event} to ${delivery.webhookId}: ${answer}`);
            },
            now: this.#now,
            signal: this.#stopping.signal,
        };
    }

    async #setMode(mode: ConnectionMode): Promise<void> {
        if (!this.#stopping.signal.aborted) await this.#listening?.setMode(mode);
    }

    #submit(request: VideoRequest): Video {
        const video = this.#videos.submit(request, this.#behaviour.videoSeconds);
        this.#finishByItself(video);
        return video;
    }

    /** Also after a restart, for videos out of the state file: for as long as they still take. */
    #finishByItself({ operationId, submittedAt, videoSeconds, outcome }: Video): void {
        if (videoSeconds === 0 || outcome !== undefined) return;
        const left = Math.max(0, submittedAt + videoSeconds * 1000 - this.#now());
        const finish = async (): Promise<void> => {
            await wait(left, undefined, { signal: this.#stopping.signal, ref: false });
            const video = this.#videos.find(operationId);
            if (video !== undefined && video.outcome === undefined) await this.finishVideo(operationId, "success");
        };
        // It rejects when the emulator is stopped meanwhile.
        finish().catch(() => undefined);
    }

    #save(): void {
        const { stateFile } = this.#options;
        if (stateFile !== undefined) saveState(stateFile, { webhooks: this.#webhooks.all, videos: this.#videos.all });
        this.#changes.announce();
    }
}

/** What is given may be what was handed out: a webhook with its id and secret, which stay its own. */
const webhookSettings = ["url", "enabledEvents", "id", "secret"] satisfies (keyof RegisteredWebhook)[];

function withoutVersion({ id, url, secret, enabledEvents }: StoredWebhook): RegisteredWebhook {
    return { id, url, secret, enabledEvents: [...enabledEvents] };
}

function unknownWebhook(id: string): EmulatorError {
    return new EmulatorError(`There is no webhook with the id ${id}.`);
}
