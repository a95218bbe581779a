import { byId } from "./dom.mjs";
import { List } from "./list.mjs";
import { watch } from "./live.mjs";
import { answerOfDelivery, rowOfCall, rowsOfDeliveries, rowsOfWebhooks } from "./rows.mjs";
import { ask, KeyNeeded, post, setKey } from "./server.mjs";

const changed = () => refresh().catch(() => undefined);
const webhooks = new List(
    {
        name: "webhooks",
        heading: "Webhooks",
        caption: "The registered webhooks, with their secrets masked",
        columns: ["Id", "Receiver", "Events", "Secret"],
    },
    changed,
);
const deliveries = new List(
    {
        name: "deliveries",
        heading: "Deliveries",
        caption: "What was sent to receivers, the newest first",
        columns: ["Time", "Event", "Receiver", "Answer"],
    },
    changed,
);
const calls = new List(
    {
        name: "calls",
        heading: "Calls",
        caption: "What the API was asked, the newest first",
        columns: ["Time", "Endpoint", "Webhook", "Status"],
    },
    changed,
);

let asked = 0;

async function refresh() {
    const number = ++asked;
    const answer = await ask(
        `/view?${new URLSearchParams([webhooks, deliveries, calls].flatMap(({ query }) => query))}`,
    );
    const state = await answer.json();
    // An answer that a later one has overtaken.
    if (number === asked) show(state);
}

function show(state) {
    // As this browser reaches it, which may be on another machine.
    byId("base-url").textContent = `${location.origin}/api/webhooks`;
    byId("api-key").textContent = state.apiKey;
    const { rowsPerPage } = state;
    webhooks.show(
        state.webhooks,
        rowsOfWebhooks(state.webhooks.entries),
        rowsPerPage,
        "No webhook is registered. Set the two variables above and run pulumi up, or call POST /register.",
    );
    calls.show(
        state.calls,
        state.calls.entries.map(rowOfCall),
        rowsPerPage,
        `No calls ${since(state.calls.since)}. Set the two variables above, and every call of your program shows here.`,
    );
    const first = state.webhooks.total === 0 ? "Register a webhook first, then press" : "Press";
    deliveries.show(
        state.deliveries,
        rowsOfDeliveries(state.deliveries.entries, deliverAgain),
        rowsPerPage,
        `No deliveries ${since(state.deliveries.since)}. ${first} \u201cMake a video succeed\u201d.`,
    );
}

function since({ at, cleared }) {
    return `since ${cleared ? "this list was cleared" : "the emulator started"} at ${new Date(at).toLocaleTimeString("en-GB")}`;
}

async function finish(outcome) {
    const answer = await post("/videos/finish", { outcome });
    const said = await answer.json();
    if (!answer.ok) return said.error;
    const ended = outcome === "success" ? "The video is ready" : "The video has failed";
    const { length } = said.deliveries;
    if (length === 0) return `${ended}, but no webhook is enabled for creator.${outcome}.`;
    const accepted = said.deliveries.filter((delivery) => delivery.accepted).length;
    return `${ended}: ${accepted} of ${length} ${length === 1 ? "delivery" : "deliveries"} accepted.`;
}

async function deliverAgain(id) {
    deliveries.say("Delivering\u2026");
    deliveries.say(await redeliver(id).catch(() => "The emulator does not answer."));
}

async function redeliver(id) {
    const answer = await post("/deliveries/redeliver", { id });
    const said = await answer.json();
    return answer.ok ? `Delivered again: ${answerOfDelivery(said.delivery)}.` : said.error;
}

const videoButtons = [...document.querySelectorAll("[data-outcome]")];
for (const button of videoButtons) {
    button.addEventListener("click", async () => {
        // Not "disabled", which would take the focus away.
        if (button.ariaDisabled === "true") return;
        for (const other of videoButtons) other.ariaDisabled = "true";
        byId("result").textContent = "Delivering\u2026";
        byId("result").textContent = await finish(button.dataset.outcome).catch(() => "The emulator does not answer.");
        for (const other of videoButtons) other.ariaDisabled = null;
    });
}

for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
        const text = byId(button.dataset.copy);
        try {
            await navigator.clipboard.writeText(text.textContent);
            button.textContent = "Copied";
            setTimeout(() => {
                button.textContent = "Copy";
            }, 1500);
        } catch {
            getSelection().selectAllChildren(text);
        }
    });
}

const states = {
    live: "Live",
    lost: "Not connected: is the emulator still running?",
    locked: "Needs the API key",
};

function tell(state) {
    byId("connection").dataset.state = state;
    byId("connection").textContent = states[state];
    byId("key-form").hidden = state !== "locked";
    for (const part of document.querySelectorAll("main > :not(form)")) part.hidden = state === "locked";
}

async function run() {
    try {
        await watch(refresh, tell);
    } catch (error) {
        if (!(error instanceof KeyNeeded)) throw error;
        tell("locked");
        byId("key-problem").textContent = error.message;
    }
}

byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    setKey(byId("key").value);
    void run();
});

void run();
