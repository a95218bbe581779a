// `npm start`: a webhook's whole life on the real Pulumi engine, against the emulator of the API, with real deliveries.
// Each step checks what it shows; the first one that is not so ends the demonstration with exit code 1.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { type Delivery, type Emulator, startEmulator } from "../emulator";
import { type Engine, ensureEngine } from "../engine";
import { type PulumiResult, runPulumi } from "../engine/pulumi";
import { createReceiver, toNodeListener } from "../receiver";

const root = dirname(__dirname);
const stack = `demo-${process.pid}`;

type Style = Parameters<typeof styleText>[0];
const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text);

let steps = 0;
function step(title: string): void {
    console.log(`\n${paint("bold", `${++steps}. ${title}`)}`);
}
function say(text: string): void {
    console.log(`   ${text}`);
}
function show(line: string): void {
    say(paint("dim", `│ ${line}`));
}

/** Shows what was seen; what is not so ends the demonstration. */
function seen(text: string, isSo: boolean): void {
    if (!isSo) throw new Error(`Expected, but not seen: ${text}`);
    say(`${paint("green", "✓")} ${text}`);
}

class Demonstration {
    readonly #temporaryFolder = mkdtempSync(join(tmpdir(), "pulumi-captions-start-"));
    readonly #stopped = new AbortController();
    #goOn: (() => void) | undefined;
    #engine: Engine | undefined;
    #emulator: Emulator | undefined;
    #server: Server | undefined;
    #receiverUrl = "";
    /** The secret that the receiver knows: what a service would read from its configuration. */
    #secret = "";

    async run(keep: boolean): Promise<void> {
        await this.#prepare();
        await this.#register();
        await this.#change();
        await this.#nothingToDo();
        if (keep) await this.#keep();
        await this.#destroy();
    }

    /** What Ctrl-C means: to go on to the end where it stays up, else to stop what is under way. */
    interrupt(): void {
        if (this.#goOn === undefined) this.#stopped.abort();
        else this.#goOn();
    }

    get isStopped(): boolean {
        return this.#stopped.signal.aborted;
    }

    async cleanUp(): Promise<void> {
        this.#server?.closeAllConnections();
        this.#server?.close();
        await this.#emulator?.stop();
        rmSync(this.#temporaryFolder, { recursive: true, force: true });
        rmSync(join(root, `Pulumi.${stack}.yaml`), { force: true });
    }

    async #prepare(): Promise<void> {
        step("The parts");
        const engine = await ensureEngine({ log: say });
        this.#engine = engine;
        const origins = { path: "found on this machine", download: "downloaded from Pulumi", build: "built with Go" };
        say(`Pulumi ${engine.version}, ${origins[engine.source]}, with its state in a temporary folder`);
        const emulator = await startEmulator({ port: 0 });
        this.#emulator = emulator;
        say(`The emulator of the Captions API, in place of api.captions.ai: ${emulator.url}`);

        const receive = createReceiver({ secrets: () => this.#secret, onDelivery: () => undefined });
        this.#server = createServer(toNodeListener(receive));
        await once(this.#server.listen(0, "127.0.0.1"), "listening");
        this.#receiverUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/captions`;
        say(`A receiver, which takes only deliveries with the right secret: ${this.#receiverUrl}`);
        await this.#pulumi("stack", "init", stack);
    }

    async #register(): Promise<void> {
        step("pulumi up: a webhook is registered (the program is examples/quickstart/index.ts)");
        await this.#up();
        const emulator = this.#api;
        const [webhook] = emulator.webhooks;
        seen(
            `the API has the webhook: ${webhook?.id}`,
            emulator.webhooks.length === 1 && webhook?.url === this.#receiverUrl,
        );
        seen("registering it took two calls: one look at what is there, one /register", emulator.countCalls() === 2);
        await this.#handSecretToReceiver();

        step("A video gets ready: the delivery arrives");
        const [delivery] = await this.#video();
        seen("it carried the right secret, and the receiver accepted it (200)", delivery?.status === 200);
    }

    async #change(): Promise<void> {
        step(
            "pulumi up: the webhook is changed, to be told of successes only. Captions rotates the secret at every change",
        );
        const before = this.#api.webhooks[0]?.secret;
        await this.#up("--config", 'enabledEvents=["creator.success"]');
        const changed = this.#api.webhooks[0];
        seen("the same webhook has other events", changed?.enabledEvents.join() === "creator.success");
        seen("and a new secret, at once", changed?.secret !== before);

        step("Until the receiver knows the new secret, deliveries are refused");
        const [refused] = await this.#video();
        seen("a video is ready, but the receiver still has the old secret: refused (401)", refused?.status === 401);
        await this.#handSecretToReceiver();
        const [accepted] = await this.#video();
        seen("the next delivery is accepted (200)", accepted?.status === 200);
        say("A rotation without any lost delivery is what the README's part on rotation is about.");
    }

    async #nothingToDo(): Promise<void> {
        step("pulumi up once more: nothing changed, so nothing is called and nothing rotates");
        this.#api.clearCalls();
        await this.#up("--config", 'enabledEvents=["creator.success", "creator.success"]', "--expect-no-changes");
        seen("no call was made", this.#api.countCalls() === 0);
    }

    async #keep(): Promise<void> {
        step("It stays up until you press Ctrl-C");
        say(`Look at the webhook, and make videos succeed or fail: ${paint("underline", this.#api.url)}`);
        await new Promise<void>((resolve) => {
            this.#goOn = resolve;
        });
        this.#goOn = undefined;
        console.log();
    }

    async #destroy(): Promise<void> {
        step("pulumi destroy: the webhook is deleted");
        await this.#pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
        seen("the API has no webhook any more", this.#api.webhooks.length === 0);
    }

    get #api(): Emulator {
        if (this.#emulator === undefined) throw new Error("The emulator is not there.");
        return this.#emulator;
    }

    /** Takes the secret out of the stack, as the deployment of a receiver does it. */
    async #handSecretToReceiver(): Promise<void> {
        const output = await this.#pulumi("stack", "output", "secret", "--show-secrets", "--stack", stack);
        this.#secret = output.stdout.trim();
        seen(
            "the receiver got the secret from the stack's output `secret`",
            this.#secret === this.#api.webhooks[0]?.secret,
        );
    }

    async #video(): Promise<readonly Delivery[]> {
        return await this.#api.finishVideo(this.#api.submitVideo({}), "success");
    }

    async #up(...args: readonly string[]): Promise<void> {
        await this.#pulumi(
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            stack,
            "--config",
            `url=${this.#receiverUrl}`,
            ...args,
        );
    }

    async #pulumi(...args: readonly string[]): Promise<PulumiResult> {
        if (this.#engine === undefined) throw new Error("There is no engine.");
        const shows = args[0] === "up" || args[0] === "destroy";
        const result = await runPulumi(this.#engine, args, {
            project: root,
            temporaryFolder: this.#temporaryFolder,
            env: { CAPTIONS_API_KEY: this.#api.apiKey, CAPTIONS_BASE_URL: this.#api.baseUrl },
            signal: this.#stopped.signal,
            ...(shows ? { onLine: showEngineLine } : {}),
        });
        if (this.isStopped) throw new Error("Stopped.");
        if (result.code !== 0) {
            throw new Error(`\`pulumi ${args.join(" ")}\` ended with code ${result.code}:\n${result.text}`);
        }
        return result;
    }
}

/** Of what the engine prints, the lines that say what happened. */
function showEngineLine(line: string): void {
    if (
        line.trim() === "" ||
        /^@ (updating|destroying)|^(Updating|Destroying) \(|^The resources in|^If you want to remove/.test(line)
    ) {
        return;
    }
    show(line.trimEnd());
}

async function main(): Promise<void> {
    const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
    const demonstration = new Demonstration();
    process.on("SIGINT", () => demonstration.interrupt());
    const started = Date.now();
    console.log(paint("bold", "pulumi-captions: the life of a webhook, on the real Pulumi engine"));
    try {
        await demonstration.run(values.keep);
        const seconds = ((Date.now() - started) / 1000).toFixed(0);
        console.log(
            `\n${paint(["green", "bold"], `All of it was seen, in ${seconds} s.`)} Next: README.md, "A first program".`,
        );
    } catch (error) {
        console.error(`\n${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = demonstration.isStopped ? 130 : 1;
    } finally {
        await demonstration.cleanUp();
    }
}

void main();
