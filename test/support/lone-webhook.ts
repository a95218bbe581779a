import { CaptionsError } from "../../provider/errors";
import { PartialFailure, type WebhookInputs, type WebhookOutputs } from "../../provider/lifecycle";
import { type Account, keep, read, stored, update } from "./account";

/** One webhook of a stack, from run to run, as the engine would have it. */
export class LoneWebhook {
    readonly #run: Account["run"];
    readonly #id: string;
    #failed: boolean;
    saved: WebhookOutputs;

    constructor(
        run: Account["run"],
        { id, outputs }: { readonly id: string; readonly outputs: WebhookOutputs },
        failed = false,
    ) {
        this.#run = run;
        this.#id = id;
        this.#failed = failed;
        this.saved = stored(outputs);
    }

    /** Whether nothing failed half-way, and nothing is open. */
    get isWhole(): boolean {
        return !this.#failed && this.saved.unfinished === undefined;
    }

    /** Says whether there was nothing to do, whether it was done, or that it failed. */
    async up(wanted: WebhookInputs): Promise<"same" | "updated" | "failed"> {
        const session = this.#run();
        const { changes } = await keep(session, this.#id, this.saved, wanted);
        // After a step that failed half-way the engine updates in any case.
        if (changes.length === 0 && !this.#failed) return "same";
        try {
            this.saved = stored(await update(session, this.#id, this.saved, wanted));
            this.#failed = false;
            return "updated";
        } catch (error) {
            if (!(error instanceof CaptionsError)) throw error;
            // Where nothing was sent, the state stays as it was.
            if (error instanceof PartialFailure) {
                this.saved = stored(error.outputs);
                this.#failed = true;
            }
            return "failed";
        }
    }

    async refresh(): Promise<void> {
        this.saved = stored((await read(this.#run(), this.#id, this.saved)) ?? this.saved);
        this.#failed = false;
    }
}
