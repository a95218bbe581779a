import type { RegisteredWebhook } from "../api/answers";
import {
    AdoptionError,
    AnswerError,
    DuplicateUrlError,
    messageOf,
    UnknownOutcomeError,
    WebhookNotFoundError,
} from "../errors";
import { changedSettings, changeOnce } from "./change";
import type { Ledger } from "./ledger";
import { about, mayMeanGone as mayBeRefusal, PartialFailure } from "./outcome";
import { distinctUrlsHint, registerOnce } from "./register";
import { distinctEvents, sameEvents, sameUrl } from "./same";
import { inputsOf, type WebhookInputs, type WebhookOutputs } from "./state";

export interface Created {
    readonly id: string;
    readonly outputs: WebhookOutputs;
}

/**
 * Registers a webhook, or takes over the one that `adopt` means. One `/list` before the first of a run; one call each.
 *
 * @throws DuplicateUrlError where the URL has a webhook already
 * @throws AdoptionError, WebhookNotFoundError where `adopt` cannot be done
 * @throws PartialFailure where the webhook is there, but not all of it could be done
 */
export function create(ledger: Ledger, inputs: WebhookInputs): Promise<Created> {
    return about({ url: inputs.url }, async () => {
        const adopted = await findToAdopt(ledger, inputs);
        return adopted === undefined ? await registerNew(ledger, inputs) : await takeOver(ledger, adopted, inputs);
    });
}

/** The webhook that `adopt` means, claimed for this resource. */
async function findToAdopt(ledger: Ledger, inputs: WebhookInputs): Promise<RegisteredWebhook | undefined> {
    const { adopt } = inputs;
    if (typeof adopt === "string") {
        const webhook = (await ledger.list()).get(adopt);
        if (webhook === undefined) {
            throw new WebhookNotFoundError(
                `there is no webhook ${adopt} to adopt in this account. Is the id right, and the account? ` +
                    "With `adopt: true` the one with this URL is taken over, or a new one registered.",
            );
        }
        ledger.adopt(adopt);
        return webhook;
    }
    if (adopt !== true) return undefined;
    const free = (await withUrl(ledger, inputs.url)).filter(({ id }) => !ledger.isTaken(id));
    if (free.length > 1) {
        throw new AdoptionError(
            `\`adopt: true\` fits more than one webhook: ${free.map(({ id }) => id).join(", ")}. Say which: \`adopt: "<id>"\`.`,
        );
    }
    if (free[0] !== undefined) ledger.adopt(free[0].id);
    return free[0];
}

async function withUrl(ledger: Ledger, url: string): Promise<readonly RegisteredWebhook[]> {
    return [...(await ledger.list()).values()].filter((webhook) => sameUrl(webhook.url, url));
}

async function registerNew(ledger: Ledger, inputs: WebhookInputs): Promise<Created> {
    const existing = await withUrl(ledger, inputs.url);
    if (inputs.allowDuplicateUrl !== true) {
        if (existing.length > 0) throw duplicateUrl(existing.map(({ id }) => id));
        if ([...ledger.registrations].some(({ url }) => sameUrl(url, inputs.url))) throw duplicateUrl([]);
    }
    const wanted = { url: inputs.url, enabledEvents: distinctEvents(inputs.enabledEvents) };
    const webhook = await registerOnce(ledger, wanted).catch((error: unknown) => {
        // Whether two webhooks may share a URL is not documented: this is how an API would say that they may not.
        throw existing.length > 0 && mayBeRefusal(error)
            ? refusedDuplicate(
                  existing.map(({ id }) => id),
                  error,
              )
            : error;
    });
    const outputs = {
        ...inputsOf(inputs),
        ...shownAs(webhook, wanted),
        secretVersion: 1,
        changedAt: new Date().toISOString(),
    };
    if (webhook.secret !== undefined) return { id: webhook.id, outputs: { ...outputs, secret: webhook.secret } };

    let failure = "";
    const secret = await ledger
        .lookFor((webhooks) => webhooks.get(webhook.id)?.secret)
        .catch((error: unknown) => {
            // It is registered all the same, and must be saved.
            failure = ` ${messageOf(error)}`;
            return undefined;
        });
    if (secret === undefined) {
        throw new PartialFailure(
            webhook.id,
            outputs,
            `${webhook.id} is registered, but the API shows no usable secret of it (empty or masked). Nothing was saved ` +
                `as its secret.${failure} Run \`pulumi up\` again to read it; if it stays so, ask the API's support.`,
        );
    }
    return { id: webhook.id, outputs: { ...outputs, secret } };
}

async function takeOver(ledger: Ledger, webhook: RegisteredWebhook, inputs: WebhookInputs): Promise<Created> {
    const { id } = webhook;
    if (webhook.secret === undefined) {
        ledger.release(id);
        throw new AnswerError(
            `${id} cannot be adopted: the API shows no usable secret of it (empty or masked). ` +
                "Nothing was changed, and nothing saved.",
        );
    }
    const wanted = { url: inputs.url, enabledEvents: distinctEvents(inputs.enabledEvents) };
    const settings = changedSettings(webhook, wanted);
    // The moment tells the states of two resources apart that have had the same webhook one after the other.
    const adoptedAt = new Date().toISOString();
    const outputs = { ...inputsOf(inputs), secret: webhook.secret, secretVersion: 1, adoptedAt };
    if (Object.keys(settings).length === 0) return { id, outputs };
    try {
        const changed = await changeOnce(ledger, { id, settings, secretBefore: webhook.secret });
        return {
            id,
            outputs: {
                ...outputs,
                ...shownAs(changed, wanted),
                secret: changed.secret,
                changedAt: new Date().toISOString(),
            },
        };
    } catch (error) {
        // It is adopted all the same: saved as it is now, so that the next run changes it.
        const { url, enabledEvents } = webhook;
        const changedAt = new Date().toISOString();
        const mayBeChanged = error instanceof UnknownOutcomeError ? { changedAt } : {};
        const asItIs = { ...outputs, url, enabledEvents, unfinished: {}, ...mayBeChanged };
        throw new PartialFailure(id, asItIs, `${id} is adopted, but not changed. ${messageOf(error)}`);
    }
}

/** How the API shows what was sent, where that differs from it. */
export function shownAs(
    shown: RegisteredWebhook,
    sent: { readonly url: string; readonly enabledEvents: readonly string[] },
): Pick<WebhookOutputs, "shownAs"> {
    const { url, enabledEvents } = shown;
    const same = sameUrl(url, sent.url) && sameEvents(enabledEvents, sent.enabledEvents);
    return same ? {} : { shownAs: { url, enabledEvents } };
}

function refusedDuplicate(ids: readonly string[], error: unknown): DuplicateUrlError {
    return new DuplicateUrlError(
        `${messageOf(error)} Nothing was registered. ${ids.join(", ")} is registered for this URL already, so the API may not ` +
            `allow two webhooks on one URL. ${distinctUrlsHint}`,
    );
}

function duplicateUrl(ids: readonly string[]): DuplicateUrlError {
    if (ids.length === 0) {
        return new DuplicateUrlError(
            "this URL is declared twice in this program, and two webhooks on one URL deliver everything twice. Take one " +
                "out, or set `allowDuplicateUrl: true` on both.",
        );
    }
    const [one] = ids;
    return new DuplicateUrlError(
        `${ids.join(", ")} is registered for this URL already, and two webhooks on one URL deliver everything twice. ` +
            `Three ways on: \`adopt: "${one}"\` takes that webhook over, with its secret and without rotating it; ` +
            "`adopt: true` does so wherever one with this URL exists, and else registers a new one; " +
            "`allowDuplicateUrl: true` registers a second one.",
    );
}
