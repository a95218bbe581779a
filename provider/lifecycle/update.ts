import { UnknownOutcomeError } from "../errors";
import { changedSettings, changeOnce, liveOf } from "./change";
import { shownAs } from "./create";
import { diff } from "./diff";
import type { Ledger } from "./ledger";
import { about, PartialFailure } from "./outcome";
import { withLive } from "./read";
import { distinctEvents, sameKeepers } from "./same";
import { type WebhookInputs, type WebhookOutputs, withInputs } from "./state";

/**
 * Brings a webhook from what is saved to what is wanted with one `/update`, and with none where nothing is to be changed:
 * the engine also calls this after a run that failed half-way.
 *
 * @throws PartialFailure where it is not known whether the `/update` was done; the next run reads it back
 */
export function update(
    ledger: Ledger,
    id: string,
    saved: WebhookOutputs,
    wanted: WebhookInputs,
): Promise<WebhookOutputs> {
    return about({ id, url: wanted.url }, async () => {
        const from = needsLook(saved, wanted) ? withLive(saved, await liveOf(ledger, id)) : saved;
        const settings = changedSettings(from, wanted);
        const rotates = !sameKeepers(from.rotateWhenChanged, wanted.rotateWhenChanged);
        const outputs = withInputs({ ...from, unfinished: undefined }, wanted);
        if (Object.keys(settings).length === 0 && !rotates) return outputs;
        try {
            const changed = await changeOnce(ledger, { id, settings, secretBefore: from.secret });
            const sent = { url: wanted.url, enabledEvents: distinctEvents(wanted.enabledEvents) };
            return {
                ...outputs,
                shownAs: undefined,
                ...shownAs(changed, sent),
                secret: changed.secret,
                secretVersion: changed.secret === from.secret ? from.secretVersion : from.secretVersion + 1,
                changedAt: new Date().toISOString(),
            };
        } catch (error) {
            if (!(error instanceof UnknownOutcomeError)) throw error;
            const unfinished = { rotateWhenChanged: wanted.rotateWhenChanged ?? null };
            throw new PartialFailure(id, { ...from, unfinished }, error.message);
        }
    });
}

/** Whether the live webhook must be looked at first: after a run that failed half-way, what is saved may be wrong. */
function needsLook(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    return saved.unfinished !== undefined || saved.secret === undefined || !diff(saved, wanted).changes;
}
