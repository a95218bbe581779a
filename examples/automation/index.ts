import { declareTenants } from "./tenants";

async function main(): Promise<void> {
    const names = process.argv.slice(2);
    const tenants = names.map((name) => ({ name, url: `https://${name}.example.com/hooks/captions` }));
    const webhooks = await declareTenants(tenants, { onProgress: (tenant, step) => console.log(`${tenant}: ${step}`) });
    for (const { tenant, id, secretVersion, change } of webhooks) {
        console.log(`${tenant}: webhook ${id}, secret version ${secretVersion}, ${change}`);
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
});
