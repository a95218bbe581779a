import type { RegisteredWebhook } from "../api/answers";
import type { WebhookSettings } from "../api/client";
import { UnknownOutcomeError } from "../errors";
import { changedSettings, changeOnce, liveOf } from "./change";
import { shownAs } from "./create";
import { diff } from "./diff";
import type { Ledger } from "./ledger";
import { about, PartialFailure } from "./outcome";
import { stillSettling, withLive } from "./read";
import { distinctEvents, sameEvents, sameKeepers, sameUrl } from "./same";
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
        const from = needsLook(saved, wanted) ? withLive(saved, await settledLive(ledger, id, saved)) : saved;
        const settings = changedSettings(from, wanted);
        const rotates = !sameKeepers(from.rotateWhenChanged, wanted.rotateWhenChanged);
        const outputs = withInputs({ ...from, unfinished: undefined }, wanted);
        if (Object.keys(settings).length === 0 && !rotates) return outputs;
        try {
            const changed = await changeOnce(ledger, { id, settings, secretBefore: from.secret });
            const now = { ...outputs, ...unseenDrift(from, settings, changed) };
            const sent = { url: now.url, enabledEvents: distinctEvents(now.enabledEvents) };
            return {
                ...now,
                shownAs: undefined,
                ...shownAs(changed, sent),
                secret: changed.secret,
                secretVersion: changed.secret === from.secret ? from.secretVersion : from.secretVersion + 1,
                changedAt: new Date().toISOString(),
            };
        } catch (error) {
            if (!(error instanceof UnknownOutcomeError)) throw error;
            const unfinished = { rotateWhenChanged: wanted.rotateWhenChanged ?? null };
            // The list may lag behind a change that was done.
            const changedAt = new Date().toISOString();
            throw new PartialFailure(id, { ...from, unfinished, changedAt }, error.message);
        }
    });
}

/**
 * What of the url and the events that were not sent turns out to have been changed elsewhere. It is saved as it is, so that
 * the next run repairs it: to send it now would rotate a second time.
 */
function unseenDrift(
    from: WebhookOutputs,
    sent: Partial<WebhookSettings>,
    live: WebhookSettings,
): Partial<WebhookSettings> {
    const known = [from, ...(from.shownAs === undefined ? [] : [from.shownAs])];
    const knowsUrl = sent.url !== undefined || known.some(({ url }) => sameUrl(url, live.url));
    const knowsEvents =
        sent.enabledEvents !== undefined ||
        known.some(({ enabledEvents }) => sameEvents(enabledEvents, live.enabledEvents));
    return { ...(knowsUrl ? {} : { url: live.url }), ...(knowsEvents ? {} : { enabledEvents: live.enabledEvents }) };
}

/** The webhook as it is once `/list` has had its time to show what the last run may have done. */
async function settledLive(ledger: Ledger, id: string, saved: WebhookOutputs): Promise<RegisteredWebhook> {
    const mayShowMore = saved.unfinished !== undefined || saved.secret === undefined;
    let live: RegisteredWebhook | undefined;
    await ledger.lookFor(
        (webhooks) => {
            live = webhooks.get(id);
            return live?.secret === saved.secret ? undefined : live;
        },
        mayShowMore ? stillSettling(ledger, saved) : 0,
    );
    return live ?? (await liveOf(ledger, id));
}

/** Whether the live webhook must be looked at first: after a run that failed half-way, what is saved may be wrong. */
function needsLook(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    return saved.unfinished !== undefined || saved.secret === undefined || !diff(saved, wanted).changes;
}
