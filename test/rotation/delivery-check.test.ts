import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { Flow } from "../../demos/rotation/flow";
import { secretsFileClass } from "../../demos/rotation/projects";
import type { Switch } from "../../demos/rotation/service";
import { type Tally, tally } from "../../demos/rotation/tally";
import type { Emulator } from "../../emulator";
import { createReceiver, memoryDedupe, toNodeListener } from "../../receiver";
import { startProject } from "../support/project";
import type { Run, Stack } from "../support/stack";

/** How a receiver takes the secrets that the program wrote for it. */
type RollOut = "at-once" | "late" | "never";

/** A receiver that knows one secret at a time: that of the file that the program writes, once it is rolled out. */
class Receiver {
    rollOut: RollOut = "at-once";
    acceptsAnything = false;
    readonly handedOn = new Map<string, number>();
    readonly switches: Switch[] = [];
    readonly downs: Switch[] = [];
    readonly knownSince = new Map<string, number>();
    readonly #server: Server;
    #secrets = "[]";
    #rejectedTests = 0;
    #downSince: number | undefined;

    static async start(file: string, idOf: (secret: string) => string): Promise<Receiver> {
        const receiver = new Receiver(file, idOf);
        await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
        return receiver;
    }

    private constructor(
        readonly file: string,
        private readonly idOf: (secret: string) => string,
    ) {
        const listener = toNodeListener(
            createReceiver({
                secrets: { lists: () => this.#lists() },
                dedupe: memoryDedupe(),
                onDelivery: ({ operationId = "" }) => this.#handOn(operationId),
            }),
        );
        this.#server = createServer((request, response) => this.#answer(request, response, listener));
    }

    get url(): string {
        return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/captions`;
    }

    /** Until it is up again, connections are closed without an answer. */
    goDown(): void {
        this.#downSince = Date.now();
    }

    comeUp(): void {
        this.downs.push({ from: this.#downSince ?? 0, to: Date.now() });
        this.#downSince = undefined;
    }

    async stop(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((closed) => this.#server.close(closed));
    }

    async *#lists() {
        yield JSON.parse(this.#secrets);
    }

    #handOn(operationId: string): void {
        this.handedOn.set(operationId, (this.handedOn.get(operationId) ?? 0) + 1);
    }

    #answer(request: IncomingMessage, response: ServerResponse, listener: ReturnType<typeof toNodeListener>): void {
        if (this.#downSince !== undefined) {
            request.destroy();
            return;
        }
        const isTest = request.headers["user-agent"] === "pulumi-captions";
        if (this.acceptsAnything) {
            json(request).then((body) => {
                const { operationId } = body as { readonly operationId: string };
                if (!isTest && !this.handedOn.has(operationId)) this.#handOn(operationId);
                response.end();
            });
            return;
        }
        // One that is late has rejected the first round of the check by then: the right secret and the wrong one.
        if (this.rollOut === "at-once" || (this.rollOut === "late" && this.#rejectedTests >= 2)) this.#load();
        response.once("finish", () => {
            if (isTest && response.statusCode === 401) this.#rejectedTests++;
        });
        listener(request, response);
    }

    #load(): void {
        const secrets = readFileSync(this.file, "utf8");
        if (secrets === this.#secrets) return;
        const now = Date.now();
        if (this.#secrets !== "[]") this.switches.push({ from: now, to: now });
        this.#secrets = secrets;
        this.#rejectedTests = 0;
        for (const secret of JSON.parse(secrets)) this.knownSince.set(this.idOf(secret), now);
    }
}

const names = ["late", "never", "down", "anything", "replaced"] as const;
type Name = (typeof names)[number];

/** Receivers in the program of their webhooks: each gets the newest secret alone, in the run that drops the old one. */
const program = (receivers: Readonly<Record<Name, Receiver>>, generation: string) => `
${secretsFileClass}
const enabledEvents = ["creator.success"];
function secretsOf(name, url) {
    if (name !== "replaced") {
        const args = { url, enabledEvents, generations: ["${generation}"], allowDuplicateUrl: true };
        return new captions.RotatingWebhook(name, args).secrets;
    }
    const webhook = new captions.Webhook(name, { url, enabledEvents }, { replacementTrigger: "${generation}" });
    return pulumi.all([webhook.secret]);
}
for (const { name, url, file, waitSeconds } of ${JSON.stringify(names.map((name) => declarationOf(name, receivers[name])))}) {
    const secrets = secretsOf(name, url);
    const deployment = new SecretsFile(name, file, secrets);
    new captions.DeliveryCheck(name, { url, secrets, waitSeconds, steadySeconds: 0 }, { dependsOn: deployment });
}
`;

function declarationOf(name: Name, { url, file, rollOut, acceptsAnything }: Receiver) {
    // Where it can only fail, there is nothing to wait for.
    const isHopeless = name === "down" || rollOut === "never" || acceptsAnything;
    return { name, url, file, waitSeconds: isHopeless ? 2 : 60 };
}

/** One run of several `up`s, in which events flow all the time. */
class Play {
    readonly receivers = {} as Record<Name, Receiver>;
    readonly webhookIds: string[] = [];
    flow: Flow | undefined;

    static async start(): Promise<Play> {
        const { emulator, stack } = await startProject("", { behaviour: { deliveryTimeoutMs: 120_000 } });
        const play = new Play(emulator, stack);
        // Beside the stack's folder, in which no secret may be in clear.
        const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-receivers-"));
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
        const idOf = (secret: string) => emulator.webhooks.find((webhook) => webhook.secret === secret)?.id ?? "";
        for (const name of names) {
            const receiver = await Receiver.start(join(folder, `${name}.json`), idOf);
            play.receivers[name] = receiver;
            onTestFinished(() => receiver.stop());
        }
        return play;
    }

    private constructor(
        readonly emulator: Emulator,
        readonly stack: Stack,
    ) {}

    /** @returns what it came to, and the webhooks that were there before and are not any more */
    async up(generation: string, ...args: string[]): Promise<Run & { readonly dropped: readonly string[] }> {
        const before = this.emulator.webhooks;
        this.stack.program(program(this.receivers, generation));
        const run = await this.stack.up(...args);
        const now = this.emulator.webhooks.map(({ id }) => id);
        this.webhookIds.push(...now.filter((id) => !this.webhookIds.includes(id)));
        return { ...run, dropped: before.map(({ id }) => id).filter((id) => !now.includes(id)) };
    }

    /** Lets events flow on, so that what the last `up` left behind is delivered to. */
    async goOn(): Promise<void> {
        await this.flow?.reaches(this.flow.sent + 25, new AbortController().signal);
    }

    tallyOf(name: Name): Tally {
        return tally(this.flow?.events ?? [], [this.receivers[name]], this.webhookIds);
    }
}

/**
 * Of what came: nothing is lost but what came while a receiver was down, or was on its way at the instant of a switch.
 */
function lossesOf({ lost, lostInSwitch, lostWhileDown }: Tally): number {
    return lost - lostInSwitch - lostWhileDown;
}

test("a DeliveryCheck loses no delivery to receivers that are late, never learn, are down or accept anything, nor in a replacement", async () => {
    const play = await Play.start();
    const { late, never, down, anything } = play.receivers;
    expect(await play.up("a")).toMatchObject({ code: 0, calls: { length: 6 } });
    const flow = new Flow(play.emulator, 20);
    play.flow = flow;
    onTestFinished(() => flow.end());
    await play.goOn();

    // The receiver learns the secret while the check waits: one `up` registers the new webhooks and deletes the old
    // ones.
    late.rollOut = "late";
    const waited = await play.up("b");
    expect(waited).toMatchObject({ code: 0, dropped: { length: names.length } });
    await play.goOn();

    never.rollOut = "never";
    down.goDown();
    anything.acceptsAnything = true;
    const broken = await play.up("c");
    await play.goOn();
    down.comeUp();
    anything.acceptsAnything = false;
    const nightly = await play.up("c", "--refresh");
    for (const { code, text, dropped } of [broken, nightly]) {
        expect(code).not.toBe(0);
        expect(text).toContain("Nothing is deleted in this run");
        expect(text).toContain("Run `pulumi up` again when the receivers are ready");
        expect(dropped).toEqual([]);
    }
    expect(nightly.text).toMatch(/DeliveryCheck "never": .*was rejected|DeliveryCheck "never": Each secret/);
    expect(play.emulator.webhooks).toHaveLength(2 * names.length);
    await play.goOn();
    never.rollOut = "at-once";
    expect(await play.up("c")).toMatchObject({ code: 0, dropped: { length: names.length } });
    await play.goOn();
    await flow.end();

    for (const name of names) {
        const figures = play.tallyOf(name);
        expect(figures, name).toMatchObject({ problems: [], handedOnTwice: 0, webhooks: 3, secrets: 3 });
        expect(lossesOf(figures), name).toBe(0);
        // Copies from both webhooks came, and the receiver switched in between: else there would be nothing to prove.
        expect(figures.refusedBeforeKnown + figures.refusedAfterForgotten, name).toBeGreaterThan(0);
        expect(figures.lostWhileDown > 0, name).toBe(name === "down");
    }
});
