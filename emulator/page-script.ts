/** The page's script. Whatever comes from outside is put in as text, never as HTML. */
export const pageScript = `
"use strict";
const byId = (id) => document.getElementById(id);
const mask = "\\u2022".repeat(12);

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

function cell(label, ...children) {
    const made = element("td", {}, element("div", {}, ...children));
    made.dataset.label = label;
    made.setAttribute("role", "cell");
    return made;
}

function row(...cells) {
    const made = element("tr", {}, ...cells);
    made.setAttribute("role", "row");
    return made;
}

function clock(at) {
    const date = new Date(at);
    const time = date.toLocaleTimeString("en-GB");
    return element("time", { dateTime: date.toISOString(), title: date.toLocaleString(), textContent: time });
}

function badge(kind, text) {
    return element("span", { className: "badge " + kind, textContent: text });
}

function code(text) {
    return element("code", { textContent: text });
}

// A URL, which breaks behind a slash rather than in a word.
function breakable(url) {
    return url.split(/(?<=[/])/).flatMap((part) => [part, element("wbr", {})]);
}

// For what is never long, and unreadable when it is broken.
function word(text) {
    return element("code", { className: "word", textContent: text });
}

// Secrets are fetched when somebody asks for one, and forgotten when they are hidden.
const webhookRows = new Map();

function webhookRow(webhook) {
    const url = code("");
    const events = element("div", { className: "badges" });
    const secret = code(mask);
    const button = element("button", { type: "button", className: "quiet" });
    let version;
    let shown = false;

    function hide() {
        shown = false;
        secret.textContent = mask;
        button.textContent = "Show";
        button.setAttribute("aria-label", "Show the secret of " + webhook.id);
    }

    async function show() {
        const answer = await fetch("/_emulator/webhooks/" + encodeURIComponent(webhook.id) + "/secret");
        if (!answer.ok) return;
        secret.textContent = (await answer.json()).secret;
        shown = true;
        button.textContent = "Hide";
        button.setAttribute("aria-label", "Hide the secret of " + webhook.id);
    }

    button.addEventListener("click", () => {
        if (shown) hide();
        else show().catch(() => undefined);
    });
    const rotations = element("span", { className: "note" });
    const made = row(
        cell("Id", code(webhook.id)),
        cell("Receiver", url),
        cell("Events", events),
        cell("Secret", element("div", { className: "secret" }, secret, button), rotations),
    );

    function update(now) {
        if (url.textContent !== now.url) url.replaceChildren(...breakable(now.url));
        events.replaceChildren(...now.enabledEvents.map((event) => badge("event", event)));
        if (version !== now.secretVersion) hide();
        version = now.secretVersion;
        rotations.textContent = version === 1 ? "" : "rotated " + (version === 2 ? "once" : version - 1 + " times");
    }
    return { made, update };
}

function callRow(call) {
    const status = call.status === undefined ? "no answer" : String(call.status);
    const kind = call.status === undefined ? "none" : call.status < 300 ? "good" : call.status === 429 ? "wait" : "bad";
    const answer = element("div", { className: "badges" }, badge(kind, status));
    if (call.status !== undefined && !call.answered) answer.append(badge("none", "cut off"));
    if (call.fault) answer.append(badge("fault", call.fault));
    return row(
        cell("Time", clock(call.at)),
        cell("Endpoint", call.endpoint === "other" ? code(call.path) : word(call.endpoint)),
        cell("Webhook", call.webhookId === undefined ? element("span", { className: "note", textContent: "\\u2013" }) : code(call.webhookId)),
        cell("Status", answer),
    );
}

function deliveryRow(delivery) {
    const said = delivery.status === undefined ? delivery.error : (delivery.accepted ? "accepted" : "refused") + " \\u00b7 " + delivery.status;
    const kind = delivery.accepted ? "good" : delivery.status === undefined ? "none" : "bad";
    const receiver = element("div", {}, element("code", {}, ...breakable(delivery.url)));
    const about = "secret " + delivery.secretVersion + (delivery.attempt > 1 ? " \\u00b7 attempt " + delivery.attempt : "");
    receiver.append(element("span", { className: "note", textContent: delivery.webhookId + " \\u00b7 " + about }));
    return row(
        cell("Time", clock(delivery.at)),
        cell("Event", badge("event", delivery.event)),
        cell("Receiver", receiver),
        cell("Answer", badge(kind, said)),
    );
}

const nothing = {
    webhooks: "No webhook is registered yet. Set the two variables above and run pulumi up, or call POST /register.",
    calls: "Nobody has called yet. Set the two variables above, and every call of your program will show here.",
};

function fill(name, rows, empty) {
    byId(name).hidden = rows.length === 0;
    byId(name + "-count").textContent = rows.length === 0 ? "" : rows.length;
    byId(name + "-empty").hidden = rows.length > 0;
    byId(name + "-empty").textContent = empty;
    const body = byId(name).tBodies[0];
    // Rows that stay are left alone, so that a button keeps the focus.
    if (rows.length !== body.rows.length || rows.some((row, index) => row !== body.rows[index])) body.replaceChildren(...rows);
}

function render(state) {
    byId("base-url").textContent = state.baseUrl;
    byId("api-key").textContent = state.apiKey;
    const ids = new Set(state.webhooks.map((webhook) => webhook.id));
    for (const id of webhookRows.keys()) if (!ids.has(id)) webhookRows.delete(id);
    const rows = state.webhooks.map((webhook) => {
        if (!webhookRows.has(webhook.id)) webhookRows.set(webhook.id, webhookRow(webhook));
        const { made, update } = webhookRows.get(webhook.id);
        update(webhook);
        return made;
    });
    fill("webhooks", rows, nothing.webhooks);
    fill("calls", state.calls.toReversed().map(callRow), nothing.calls);
    const next = rows.length === 0 ? "Register a webhook first, then" : "Now";
    fill("deliveries", state.deliveries.toReversed().map(deliveryRow), "Nothing was delivered yet. " + next + " press \\u201cMake a video succeed\\u201d.");
}

async function finish(outcome) {
    const answer = await fetch("/_emulator/videos/finish", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ outcome }),
    });
    const said = await answer.json();
    if (!answer.ok) return said.error;
    const ended = outcome === "success" ? "The video is ready" : "The video has failed";
    const { length } = said.deliveries;
    if (length === 0) return ended + ", but no webhook is enabled for creator." + outcome + ".";
    const accepted = said.deliveries.filter((delivery) => delivery.accepted).length;
    return ended + ": " + accepted + " of " + length + (length === 1 ? " delivery" : " deliveries") + " accepted.";
}

const videoButtons = [...document.querySelectorAll("[data-outcome]")];
for (const button of videoButtons) {
    button.addEventListener("click", async () => {
        // Not "disabled", which would take the focus away.
        if (button.getAttribute("aria-disabled") === "true") return;
        for (const other of videoButtons) other.setAttribute("aria-disabled", "true");
        byId("result").textContent = "Delivering\\u2026";
        byId("result").textContent = await finish(button.dataset.outcome).catch(() => "The emulator does not answer.");
        for (const other of videoButtons) other.removeAttribute("aria-disabled");
    });
}

for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
        const text = byId(button.dataset.copy);
        try {
            await navigator.clipboard.writeText(text.textContent);
            button.textContent = "Copied";
            setTimeout(() => { button.textContent = "Copy"; }, 1500);
        } catch {
            getSelection().selectAllChildren(text);
        }
    });
}

const live = new EventSource("/_emulator/live");
function connection(state, text) {
    byId("connection").dataset.state = state;
    byId("connection").textContent = text;
}
live.addEventListener("open", () => connection("live", "Live"));
live.addEventListener("error", () => connection("lost", "Not connected: is the emulator still running?"));
live.addEventListener("message", (message) => render(JSON.parse(message.data)));
`;
