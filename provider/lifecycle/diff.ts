import { describeUrl } from "../api/redact";
import type { Ledger } from "./ledger";
import { sameEvents, sameKeepers, sameUrl } from "./same";
import type { WebhookInputs, WebhookOutputs } from "./state";
import { hasUnknown, isUnknown } from "./unknown";

export interface Difference {
    /** Whether an update (or a replacement) is needed, and so a new secret comes. */
    readonly changes: boolean;
    /** The inputs for which a new webhook has to be registered in place of this one. */
    readonly replaces: readonly string[];
}

/**
 * Compares what is saved with what is wanted. Only a real change of url, events, `rotateWhenChanged` or account counts.
 * What is not known yet counts as a change, as it may be one.
 */
export function diff(saved: WebhookOutputs, wanted: WebhookInputs): Difference {
    const replaces = movesAccount(saved, wanted) ? ["account"] : [];
    const changes =
        replaces.length > 0 ||
        isUnknown(wanted.account) ||
        hasUnknown(wanted.url) ||
        hasUnknown(wanted.enabledEvents) ||
        hasUnknown(wanted.rotateWhenChanged) ||
        !sameUrl(saved.url, wanted.url) ||
        !sameEvents(saved.enabledEvents, wanted.enabledEvents) ||
        !sameKeepers(saved.rotateWhenChanged, wanted.rotateWhenChanged);
    return { changes, replaces };
}

function movesAccount(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    return !isUnknown(wanted.account) && (saved.account ?? undefined) !== (wanted.account ?? undefined);
}

/**
 * Tells the run's ledger that a resource goes on with its webhook, and the user about an `adopt` that cannot mean anything.
 *
 * @throws AdoptionError where another resource of this run has adopted it
 */
export function keep(
    ledger: Ledger,
    id: string,
    wanted: WebhookInputs,
    notify: (line: string) => void,
    saved?: WebhookOutputs,
): void {
    ledger.manage(id, saved);
    if (typeof wanted.adopt === "string" && !isUnknown(wanted.adopt) && wanted.adopt !== id) {
        notify(
            `\`adopt: "${wanted.adopt}"\` has no effect: this resource (${describeUrl(wanted.url)}) has ${id} already. ` +
                `To manage ${wanted.adopt}, declare it as another resource.`,
        );
    }
}
