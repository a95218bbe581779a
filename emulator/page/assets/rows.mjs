import { badge, breakable, cell, clock, code, element, note, row, word } from "./dom.mjs";
import { ask } from "./server.mjs";

const mask = "\u2022".repeat(12);

/** Rows of webhooks by their id: kept, so that a secret stays shown while other things change. */
const webhookRows = new Map();

export function rowsOfWebhooks(webhooks) {
    const ids = new Set(webhooks.map(({ id }) => id));
    for (const id of webhookRows.keys()) if (!ids.has(id)) webhookRows.delete(id);
    return webhooks.map((webhook) => {
        if (!webhookRows.has(webhook.id)) webhookRows.set(webhook.id, rowOfWebhook(webhook));
        const { made, update } = webhookRows.get(webhook.id);
        update(webhook);
        return made;
    });
}

/** Its secret is fetched when somebody asks for it, and forgotten when it is hidden. */
function rowOfWebhook({ id }) {
    const url = code("");
    const events = element("div", { className: "badges" });
    const secret = code(mask);
    const button = element("button", { type: "button", className: "quiet" });
    const rotations = note("");
    let version;
    let shown = false;

    function hide() {
        shown = false;
        secret.textContent = mask;
        button.textContent = "Show";
        button.ariaLabel = `Show the secret of ${id}`;
    }

    async function show() {
        const answer = await ask(`/webhooks/${encodeURIComponent(id)}/secret`);
        if (!answer.ok) return;
        secret.textContent = (await answer.json()).secret;
        shown = true;
        button.textContent = "Hide";
        button.ariaLabel = `Hide the secret of ${id}`;
    }

    button.addEventListener("click", () => {
        if (shown) hide();
        else show().catch(() => undefined);
    });
    const made = row(
        cell("Id", code(id)),
        cell("Receiver", url),
        cell("Events", events),
        cell("Secret", element("div", { className: "secret" }, secret, button), rotations),
    );

    function update(webhook) {
        if (url.textContent !== webhook.url) url.replaceChildren(...breakable(webhook.url));
        events.replaceChildren(...webhook.enabledEvents.map((event) => badge("event", event)));
        if (version !== webhook.secretVersion) hide();
        version = webhook.secretVersion;
        const times = version === 2 ? "once" : `${version - 1} times`;
        rotations.textContent = version === 1 ? "" : `rotated ${times}`;
    }
    return { made, update };
}

export function rowOfCall({ at, endpoint, path, webhookId, status, answered, fault }) {
    const answer = element("div", { className: "badges" }, badge(kindOfStatus(status), status ?? "no answer"));
    if (status !== undefined && !answered) answer.append(badge("none", "cut off"));
    if (fault) answer.append(badge("fault", fault));
    return row(
        cell("Time", clock(at)),
        cell("Endpoint", endpoint === "other" ? code(path) : word(endpoint)),
        cell("Webhook", webhookId === undefined ? note("\u2013") : code(webhookId)),
        cell("Status", answer),
    );
}

function kindOfStatus(status) {
    if (status === undefined) return "none";
    if (status === 429) return "wait";
    return status < 300 ? "good" : "bad";
}

/** Rows of deliveries by their id: kept, so that a button keeps the focus while other rows come. */
const deliveryRows = new Map();

/** @param again delivers one again; resolves when that is over */
export function rowsOfDeliveries(deliveries, again) {
    const ids = new Set(deliveries.map(({ id }) => id));
    for (const id of deliveryRows.keys()) if (!ids.has(id)) deliveryRows.delete(id);
    return deliveries.map((delivery) => {
        if (!deliveryRows.has(delivery.id)) deliveryRows.set(delivery.id, rowOfDelivery(delivery, again));
        return deliveryRows.get(delivery.id);
    });
}

function rowOfDelivery(delivery, again) {
    const { at, event, url, webhookId, secretVersion, attempt } = delivery;
    const failed = delivery.status === undefined ? "none" : "bad";
    const about = [webhookId, `secret ${secretVersion}`, ...(attempt > 1 ? [`attempt ${attempt}`] : [])];
    const time = clock(at);
    const ariaLabel = `Deliver again: ${event} of ${time.textContent} to ${webhookId}`;
    const button = element("button", { type: "button", className: "quiet", textContent: "Deliver again", ariaLabel });
    button.addEventListener("click", async () => {
        // Not "disabled", which would take the focus away.
        if (button.ariaDisabled === "true") return;
        button.ariaDisabled = "true";
        await again(delivery.id);
        button.ariaDisabled = null;
    });
    const answer = badge(delivery.accepted ? "good" : failed, answerOfDelivery(delivery));
    return row(
        cell("Time", time),
        cell("Event", badge("event", event)),
        cell("Receiver", element("code", {}, ...breakable(url)), note(about.join(" \u00b7 "))),
        cell("Answer", element("div", { className: "answer" }, answer, button)),
    );
}

/** The receiver's answer in words, or why there is none. */
export function answerOfDelivery({ status, error, accepted }) {
    return status === undefined ? error : `${accepted ? "accepted" : "rejected"} \u00b7 ${status}`;
}
