// Takes the picture of the emulator's page for the README: `npx tsx demos/pictures/emulator.ts [file] [width]
// [light|dark]`.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright-core";
import { startEmulator } from "../../emulator";
import { standardErrorReporter } from "../../engine/progress";
import { findOrInstallBrowser } from "../../test/prerequisites/browser";

async function main(file = "docs/emulator.png", width = "1280", scheme = "light"): Promise<void> {
    // Receivers that answer by their path, so that the picture has accepted and refused deliveries.
    const receiver = createServer((request, response) => {
        response.writeHead(request.url === "/hooks/billing" ? 401 : 200).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const local = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const emulator = await startEmulator();
    const executablePath = await findOrInstallBrowser(standardErrorReporter());
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
        const call = async (endpoint: string, body?: object): Promise<Record<string, unknown>> => {
            const answer = await fetch(`${emulator.baseUrl}/${endpoint}`, {
                method: "POST",
                headers: { "x-api-key": emulator.apiKey, "Content-Type": "application/json" },
                ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            return answer.ok ? ((await answer.json()) as Record<string, unknown>) : {};
        };
        const both = ["creator.success", "creator.failure"];
        await call("list");
        await call("register", { url: `${local}/hooks/renders`, enabledEvents: both });
        const billing = await call("register", { url: `${local}/hooks/billing`, enabledEvents: ["creator.success"] });
        await call("register", { url: `${local}/hooks/alerts`, enabledEvents: ["creator.failure"] });
        await call("update", { id: billing.id });
        emulator.inject({ endpoint: "list", kind: "rate-limited", retryAfter: 12 });
        await call("list");
        await call("list");

        const page = await browser.newPage({
            viewport: { width: Number(width), height: 800 },
            colorScheme: scheme === "dark" ? "dark" : "light",
        });
        await page.goto(emulator.url);
        for (const button of ["Make a video fail", "Make a video succeed"]) {
            await page.getByRole("button", { name: button }).click();
            await page.getByText(/deliveries? accepted/).waitFor();
        }
        await page.locator("#deliveries tbody tr:nth-child(4)").waitFor();
        await page.mouse.move(0, 0);
        await page.screenshot({ path: file, fullPage: true });
    } finally {
        await browser.close();
        await emulator.stop();
        receiver.close();
    }
}

main(...process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
