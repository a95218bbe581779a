import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Behaviour, Emulator } from "../../emulator";
import { findOrInstallBrowser } from "../prerequisites/browser";
import { both, call, receive, renders, start } from "./support";

let browser: Browser;

beforeAll(async () => {
    browser = await chromium.launch({
        executablePath: await findOrInstallBrowser({ log: () => undefined }),
        // A browser that calls home by itself would wait for an answer where there is no network.
        args: [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    });
}, 360_000);

afterAll(() => browser?.close());

interface Opened {
    readonly emulator: Emulator;
    readonly page: Page;
}

/** Opens the page; at the end of the test nothing must have gone wrong in it, nor left it. */
async function open(
    options: {
        width?: number;
        behaviour?: Partial<Behaviour>;
        scheme?: "light" | "dark";
        /** What the browser says of an answer that the test provokes. */
        expected?: readonly string[];
    } = {},
    prepare: (emulator: Emulator) => unknown = () => undefined,
): Promise<Opened> {
    const emulator = await start(options.behaviour);
    await prepare(emulator);
    const context = await browser.newContext({
        viewport: { width: options.width ?? 1280, height: 800 },
        colorScheme: options.scheme ?? "light",
        permissions: ["clipboard-read", "clipboard-write"],
    });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
        if (!request.url().startsWith(`${emulator.url}/`)) wrong.push(`request to ${request.url()}`);
    });
    onTestFinished(async () => {
        await context.close();
        expect(wrong).toEqual(options.expected ?? []);
    });
    await page.goto(emulator.url);
    await page.getByText("Live", { exact: true }).waitFor();
    return { emulator, page };
}

const rows = (page: Page, table: string) => page.locator(`#${table} tbody tr`);

test("without anything to show it explains what to do next", async () => {
    const { emulator, page } = await open();
    await page.getByText("No webhook is registered.").waitFor();
    await page.getByText(/No calls since the emulator started at \d\d:\d\d:\d\d\./).waitFor();
    await page.getByText(/No deliveries since the emulator started at .*\. Register a webhook first/).waitFor();
    expect(await page.locator("#base-url").textContent()).toBe(emulator.baseUrl);
    expect(await page.locator("#api-key").textContent()).toBe(emulator.apiKey);
});

test("a webhook shows with its secret masked; the button shows it and hides it again", async () => {
    const { emulator, page } = await open();
    const { id, secret } = emulator.register(renders);
    const row = rows(page, "webhooks").filter({ hasText: id });
    await row.getByText(renders.url).waitFor();
    for (const event of both) await row.getByText(event).waitFor();
    expect(await page.content()).not.toContain(secret);
    const show = page.getByRole("button", { name: `Show the secret of ${id}` });
    await show.focus();
    await page.keyboard.press("Enter");
    await row.getByText(secret).waitFor();
    const hide = page.getByRole("button", { name: `Hide the secret of ${id}` });
    expect(await hide.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
    await hide.click();
    await show.waitFor();
    expect(await page.content()).not.toContain(secret);
});

test("a secret that is shown is hidden when it is rotated", async () => {
    const { emulator, page } = await open({}, (one) => one.register(renders));
    await page.getByRole("button", { name: "Show the secret" }).click();
    await page.getByText(/whsec_/).waitFor();
    emulator.rotate(emulator.webhooks[0]?.id ?? "");
    await page.getByText("rotated once").waitFor();
    expect(await page.content()).not.toContain("whsec_");
});

test.each([
    ["success", "Make a video succeed", "The video is ready: 1 of 1 delivery accepted.", 200, "accepted · 200"],
    ["failure", "Make a video fail", "The video has failed: 0 of 1 delivery accepted.", 401, "rejected · 401"],
])(
    "the button for %s makes a real delivery, and shows the receiver's answer",
    async (event, name, said, status, shown) => {
        const { emulator, page } = await open();
        const { url, received } = await receive((_request, response) => {
            response.writeHead(status).end();
        });
        emulator.register({ url, enabledEvents: both });
        await page.getByRole("button", { name }).click();
        await page.getByRole("status").filter({ hasText: said }).waitFor();
        const row = rows(page, "deliveries").first();
        await row.getByText(shown).waitFor();
        await row.getByText(`creator.${event}`).waitFor();
        expect(await row.textContent()).toContain(url);
        expect(JSON.parse(received[0]?.text ?? "").event).toBe(`creator.${event}`);
        expect(await page.content()).not.toContain("X-Amz-Signature");
    },
);

test("each delivery can be delivered again, with the present secret; the button keeps the focus, and the answer is said", async () => {
    const { emulator, page } = await open();
    let status = 500;
    const { url, received } = await receive((_request, response) => {
        response.writeHead(status).end();
    });
    const { id } = emulator.register({ url, enabledEvents: both });
    await emulator.finishVideo(emulator.submitVideo(), "success");
    const { secret } = emulator.rotate(id);
    status = 200;

    const failed = rows(page, "deliveries").filter({ hasText: "rejected · 500" });
    const button = failed.getByRole("button", { name: /^Deliver again: creator\.success of .* to wh_/ });
    await button.focus();
    await page.keyboard.press("Enter");
    const deliveries = page.getByRole("region", { name: "Deliveries" });
    await deliveries.getByRole("status").filter({ hasText: "Delivered again: accepted · 200." }).waitFor();
    const newest = rows(page, "deliveries").first();
    await newest.getByText("accepted · 200").waitFor();
    await newest.getByText("secret 2 · attempt 2").waitFor();
    expect(await button.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true);
    expect(received.map(({ text }) => text)).toEqual([received[0]?.text, received[0]?.text]);
    expect(received[1]?.headers.authorization).toBe(`Bearer ${secret}`);

    // What was accepted can be delivered again as well.
    await newest.getByRole("button", { name: "Deliver again" }).click();
    await rows(page, "deliveries").first().getByText("attempt 3").waitFor();
    expect(received).toHaveLength(3);
    for (const hidden of [secret, "X-Amz-Signature"]) expect(await page.content()).not.toContain(hidden);
});

test("what cannot be delivered again, because the webhook is gone, is told so", async () => {
    const { emulator, page } = await open({
        expected: ["Failed to load resource: the server responded with a status of 400 (Bad Request)"],
    });
    const { url, received } = await receive();
    const { id } = emulator.register({ url, enabledEvents: both });
    await emulator.finishVideo(emulator.submitVideo(), "success");
    emulator.remove(id);
    await page.getByRole("button", { name: "Deliver again" }).click();
    await page.getByText(`The webhook ${id} has been deleted, so its event cannot be delivered again.`).waitFor();
    expect(received).toHaveLength(1);
});

test("a video that no webhook wants is told so", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "Make a video succeed" }).click();
    await page.getByText("The video is ready, but no webhook is enabled for creator.success.").waitFor();
});

test("calls that were cleared are not said to have never come", async () => {
    const { page } = await open({}, async (emulator) => {
        await call(emulator, "register", renders);
        emulator.clearCalls();
    });
    await page.getByText(/No calls since this list was cleared at \d\d:\d\d:\d\d\./).waitFor();
    expect(await rows(page, "webhooks").count()).toBe(1);
});

test("many calls come in pages, and can be filtered", async () => {
    const { page } = await open({}, async (emulator) => {
        emulator.inject({ endpoint: "events", kind: "rate-limited" });
        for (let count = 0; count < 25; count++) await call(emulator, count === 3 ? "events" : "list");
    });
    const calls = page.getByRole("region", { name: "Calls" });
    const pages = page.getByRole("navigation", { name: "Pages of the calls" });
    await pages.getByText("1–10 of 25").waitFor();
    expect(await page.evaluate("document.documentElement.scrollHeight")).toBeLessThan(1600);
    await pages.getByRole("button", { name: "Next" }).click();
    await pages.getByRole("button", { name: "Next" }).click();
    await pages.getByText("21–25 of 25").waitFor();
    expect(await rows(page, "calls").count()).toBe(5);
    expect(await pages.getByRole("button", { name: "Next" }).getAttribute("aria-disabled")).toBe("true");
    await page.getByRole("searchbox", { name: "Filter the calls" }).fill("429");
    await pages.waitFor({ state: "hidden" });
    expect(await rows(page, "calls").allTextContents()).toEqual([expect.stringContaining("rate-limited")]);
    await page.getByRole("searchbox", { name: "Filter the calls" }).fill("nowhere");
    await calls.getByText("Nothing matches the filter.").waitFor();
});

describe("where other machines can connect", () => {
    const opened = async (address: (emulator: Emulator) => string) => {
        const emulator = await start({}, { host: "0.0.0.0" });
        emulator.register(renders);
        const context = await browser.newContext();
        onTestFinished(() => context.close());
        const page = await context.newPage();
        await page.goto(address(emulator));
        return { emulator, page };
    };

    test("the printed address opens the page, which takes the key out of it and keeps it for a reload", async () => {
        const { emulator, page } = await opened(({ pageUrl }) => pageUrl);
        await page.getByText(renders.url).waitFor();
        expect(page.url()).toBe(`${emulator.url}/`);
        await page.reload();
        await page.getByRole("button", { name: "Show the secret" }).click();
        await page.getByText(emulator.webhooks[0]?.secret ?? "none").waitFor();
    });

    test("without the key it shows nothing, and asks for it", async () => {
        const { emulator, page } = await opened(({ url }) => url);
        await page.getByText("Needs the API key").waitFor();
        expect(await page.getByText(renders.url).count()).toBe(0);
        await page.getByRole("textbox", { name: "API key" }).fill("wrong");
        await page.getByRole("button", { name: "Open" }).click();
        await page.getByText("This key is not the right one.").waitFor();
        await page.getByRole("textbox", { name: "API key" }).fill(emulator.apiKey);
        await page.getByRole("button", { name: "Open" }).click();
        await page.getByText(renders.url).waitFor();
        expect(await page.getByRole("textbox", { name: "API key" }).isVisible()).toBe(false);
    });
});

test("calls appear live, the newest first, also those that go wrong", async () => {
    const { emulator, page } = await open();
    const { id } = (await call(emulator, "register", renders)).json;
    await rows(page, "calls").filter({ hasText: "register" }).filter({ hasText: id }).getByText("200").waitFor();
    emulator.inject({ endpoint: "list", kind: "lost-answer" });
    await call(emulator, "list").catch(() => undefined);
    const first = rows(page, "calls").first();
    await first.getByText("lost-answer").waitFor();
    await first.getByText("no answer").waitFor();
    await call(emulator, "delete", { id });
    await page.getByText("No webhook is registered.").waitFor();
});

test("text from outside is never taken for HTML", async () => {
    const attack = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    const { page } = await open({ behaviour: { events: [attack] } }, async (emulator) => {
        await call(emulator, "register", { url: `https://a.example/${attack}`, enabledEvents: [attack] });
        await call(emulator, attack);
    });
    await rows(page, "webhooks").getByText(`https://a.example/${attack}`).waitFor();
    expect(await page.locator("table img, table script").count()).toBe(0);
});

test("a tab that nobody sees is not connected, and shows what it has missed when it is looked at", async () => {
    const { emulator, page } = await open();
    // Headless, every tab counts as visible.
    const become = (state: string) =>
        page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));`);
    const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/live"));
    await become("hidden");
    await ended;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    emulator.register(renders);
    await page.evaluate("fetch('/icon.svg')");
    expect(asked).toEqual([`${emulator.url}/icon.svg`]);
    await become("visible");
    await page.getByText(renders.url).waitFor();
});

test("the copy buttons copy", async () => {
    const { emulator, page } = await open();
    await page.getByRole("button", { name: "Copy the base URL" }).click();
    await page.getByText("Copied").waitFor();
    // As a string: with tsx or vitest a function would bring helpers along that the page doesn't have.
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(emulator.baseUrl);
});

test("it says when the emulator is gone", async () => {
    const emulator = await start();
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(emulator.url);
    await page.getByText("Live", { exact: true }).waitFor();
    await emulator.stop();
    await page.getByText("Not connected").waitFor();
});

test.each([
    [360, "light"],
    [768, "dark"],
    [1280, "dark"],
] as const)("nothing is wider than a screen of %i pixels (%s)", async (width, scheme) => {
    const { emulator, page } = await open({ width, scheme });
    const { url } = await receive();
    emulator.register({ url: `${url}/${"long".repeat(40)}`, enabledEvents: both });
    emulator.register({ url: "no url", enabledEvents: both });
    emulator.inject({ endpoint: "list", kind: "wrong-content-type" });
    await call(emulator, "list");
    await call(emulator, "x".repeat(200));
    await page.getByRole("button", { name: "Make a video fail" }).click();
    await rows(page, "deliveries").nth(1).waitFor();
    await page.getByRole("button", { name: "Show the secret" }).first().click();
    await page.getByText(/whsec_/).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    // Nor cut off inside of a panel.
    const sticking = `[...document.querySelectorAll(".panel *:not(thead, thead *)")].filter((one) =>
        one.getBoundingClientRect().right > one.closest(".panel").getBoundingClientRect().right).map((one) => one.outerHTML)`;
    expect(await page.evaluate(sticking)).toEqual([]);
});

test("it has headings, captions and names for those who hear it", async () => {
    const { page } = await open({ width: 360 }, async (emulator) => {
        const { url } = await receive();
        emulator.register({ url, enabledEvents: both });
        await call(emulator, "list");
        await emulator.finishVideo(emulator.submitVideo(), "success");
    });
    await rows(page, "calls").first().waitFor();
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    for (const name of ["Webhooks", "Deliveries", "Calls"]) await page.getByRole("region", { name }).waitFor();
    // Also on a phone, where the tables are laid out as cards.
    for (const name of [/registered webhooks/, /sent to receivers/, /API was asked/]) {
        expect(await page.getByRole("table", { name }).getByRole("columnheader").count()).toBe(4);
        expect(await page.getByRole("table", { name }).getByRole("cell").count()).toBe(4);
    }
});

test("its policy allows nothing from elsewhere and nothing inline", async () => {
    const emulator = await start();
    const { headers } = await fetch(emulator.url);
    expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';/,
    );
    expect(await (await fetch(emulator.url)).text()).not.toMatch(
        /<style|<script(?! type="module" src="[^"]+"><)| style=| on\w+=/,
    );
});
