import { declareTenants } from "./tenants";

const usage =
    "Usage: npm start <tenant>=<url> …, for example: npm start acme=https://acme.example.com/hooks/captions\n" +
    "To prove within a minute that the tenants' receivers accept their secrets: npm start -- --prove=60 <tenant>=<url> …";

async function main(): Promise<void> {
    const all = process.argv.slice(2);
    const [, seconds] = /^--prove=(\d+)$/.exec(all[0] ?? "") ?? [];
    const tenants = all.slice(seconds === undefined ? 0 : 1).map((argument) => {
        const [, name = "", url = ""] = /^([\w.-]+)=(.+)$/.exec(argument) ?? [];
        return { name, url };
    });
    const names = new Set(tenants.map(({ name }) => name));
    if (tenants.length === 0 || names.has("") || names.size < tenants.length) {
        console.error(
            `${names.size < tenants.length ? "Each tenant can be given only once." : "Name a URL for each tenant."}\n${usage}`,
        );
        process.exitCode = 2;
        return;
    }
    const { webhooks, failures } = await declareTenants(tenants, {
        ...(seconds === undefined ? {} : { proveWithinSeconds: Number(seconds) }),
        onProgress: (tenant, step) => console.log(`${tenant}: ${step}`),
    });
    for (const { tenant, id, secretVersion, change } of webhooks) {
        console.log(`${tenant}: webhook ${id}, secret version ${secretVersion}, ${change}`);
    }
    for (const { tenant, reason } of failures) console.error(`${tenant}: failed: ${reason}`);
    if (failures.length > 0) process.exitCode = 1;
}

void main();
