import { randomBytes } from "node:crypto";
import type { Answer, Outcome } from "./answer";
import { testDelivery } from "./delivery";
import type { CheckResult, ProbeTarget, SecretPlace, TargetResult } from "./result";
import { type SendLimits, type Sent, send } from "./send";
import { describeUrl } from "./url";

/** What must hold of a target's answers before it counts as proven. */
export interface Proof {
    readonly steadySeconds: number;
    readonly instances: number | undefined;
}

/** One secret of a target, and what came of it so far. */
class Check {
    #latest: Answer = { outcome: "skipped" };
    #latestWrong: Answer | undefined;
    #requests = 0;
    #right = 0;
    /** Those that answered rightly since the last wrong answer of the target. */
    readonly instances = new Set<string>();

    constructor(
        readonly place: SecretPlace,
        readonly secret: string,
        readonly expected: "accepted" | "rejected",
    ) {}

    get latest(): Answer {
        return this.#latest;
    }

    get isRight(): boolean {
        return this.#latest.outcome === this.expected;
    }

    /** @param sent undefined where the request was skipped */
    record(sent: Sent | undefined): void {
        this.#latest = sent?.answer ?? { outcome: "skipped" };
        if (sent === undefined) {
            return;
        }
        this.#requests++;
        if (!this.isRight) {
            this.#latestWrong = sent.answer;
            return;
        }
        this.#right++;
        if (sent.instance !== undefined) {
            this.instances.add(sent.instance);
        }
    }

    result(): CheckResult {
        return {
            place: this.place,
            expected: this.expected,
            ok: this.isRight,
            ...this.#latest,
            requests: this.#requests,
            right: this.#right,
            instances: this.instances.size,
            ...(this.#latestWrong === undefined ? {} : { latestWrong: this.#latestWrong }),
        };
    }
}

/** After one of these, the other requests of a round would only take time to fail in the same way. */
const unreachable: ReadonlySet<Outcome> = new Set(["no-connection", "untrusted", "proxy", "timeout"]);

interface AskOptions extends Omit<SendLimits, "proxy"> {
    readonly now: () => number;
}

/** A URL with its secrets, and all that its answers have shown. */
export class Target {
    readonly #url: URL;
    readonly #checks: readonly Check[];
    readonly #seen = new Set<string>();
    readonly #proxy: URL | undefined;
    readonly #random: () => number;
    /** Since when every answer was right. */
    #rightSince: number | undefined;
    #rightUntil = 0;
    /** Whether an answer was certainly the receiver's own. */
    #signed = false;
    /** Whether a secret was ever accepted. */
    #accepts = false;

    /** @param random numbers from 0 to 1, for the order of the deliveries */
    constructor(
        { url, secrets }: ProbeTarget,
        { proxy, random }: { readonly proxy: URL | undefined; readonly random: () => number },
    ) {
        this.#url = new URL(url);
        this.#proxy = proxy;
        this.#random = random;
        this.#checks = [
            ...secrets.map((secret, place) => new Check(place, secret, "accepted")),
            new Check("wrong", `pulumi-captions-wrong-${randomBytes(16).toString("hex")}`, "rejected"),
        ];
    }

    /** How many requests a round takes. */
    get size(): number {
        return this.#checks.length;
    }

    /** Whether all answers of the latest round were right. */
    get isRight(): boolean {
        return this.#rightSince !== undefined;
    }

    /** The moment at which its answers can have been right for long enough. */
    earliestProof({ steadySeconds }: Proof, nextRound: number): number {
        return (this.#rightSince ?? nextRound) + steadySeconds * 1000;
    }

    /** Whether the receiver let a wrong secret in. */
    get isForgeable(): boolean {
        return this.#checks.some(({ expected, latest }) => expected === "rejected" && latest.outcome === "accepted");
    }

    /** Whether its answers prove as much as is asked for. */
    meets({ steadySeconds, instances = 0 }: Proof): boolean {
        return (
            this.#rightSince !== undefined &&
            this.#rightUntil - this.#rightSince >= steadySeconds * 1000 &&
            // A good receiver does not tell its instance's name to a caller with a wrong secret.
            this.#checks.every(({ place, instances: { size } }) => place === "wrong" || size >= instances)
        );
    }

    result(proof: Proof): TargetResult {
        const checks = this.#checks.map((check) => check.result());
        const [first] = checks;
        return {
            url: describeUrl(this.#url.href),
            ok: this.meets(proof),
            steadySeconds: this.#rightSince === undefined ? 0 : (this.#rightUntil - this.#rightSince) / 1000,
            instances: this.#seen.size,
            sameForAll:
                !this.#signed &&
                checks.every(({ outcome, status }) => outcome === "rejected" && status === first?.status) &&
                checks.every(({ expected, right }) => expected === "rejected" || right === 0),
            checks,
        };
    }

    /** Delivers once with each secret. */
    async ask(event: string, { now, ...limits }: AskOptions): Promise<void> {
        const startedAt = now();
        const answers = await this.#deliver(event, { ...limits, proxy: this.#proxy });
        for (const [check, sent] of answers) {
            this.#accepts ||= sent.answer.outcome === "accepted" && check.expected === "accepted";
            this.#signed ||= sent.signed;
            if (sent.instance !== undefined) {
                this.#seen.add(sent.instance);
            }
        }
        for (const check of this.#checks) {
            const sent = answers.get(check);
            check.record(sent === undefined || !this.#accepts ? sent : { ...sent, answer: asRejection(sent.answer) });
        }
        if (this.#checks.every(({ isRight }) => isRight)) {
            this.#rightSince ??= startedAt;
            this.#rightUntil = now();
            return;
        }
        this.#rightSince = undefined;
        for (const { instances } of this.#checks) {
            instances.clear();
        }
    }

    async #deliver(event: string, limits: SendLimits): Promise<ReadonlyMap<Check, Sent>> {
        const answers = new Map<Check, Sent>();
        // In any order: a balancer that takes its instances in turn would else give each secret always the same ones.
        for (const check of shuffled(this.#checks, this.#random)) {
            const sent = await send(this.#url, check.secret, JSON.stringify(testDelivery(event)), limits);
            answers.set(check, sent);
            if (unreachable.has(sent.answer.outcome)) {
                break;
            }
        }
        return answers;
    }
}

/** Where some secret is accepted, a login that stops others tells them apart by the secret, as a receiver does. */
function asRejection(answer: Answer): Answer {
    const { outcome, status } = answer;
    return outcome === "intermediary" && (status === 401 || status === 403) ? { outcome: "rejected", status } : answer;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
    const keyed = items.map((item) => ({ item, key: random() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}
