import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createReceiver, toNodeListener } from "pulumi-captions/receiver";
import { secretsFromFile } from "pulumi-captions/receiver/node";

const { SECRETS_FILE, PORT = "8080" } = process.env;
if (!SECRETS_FILE) {
    console.error(
        "Set SECRETS_FILE to the file of your stack: SECRETS_FILE=$(pulumi stack output secretsFile) npm start",
    );
    process.exit(1);
}

const receiver = createReceiver({
    // Read again whenever `pulumi up` has changed it.
    secrets: secretsFromFile(SECRETS_FILE),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

const server = createServer(toNodeListener(receiver)).listen(Number(PORT), "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    console.log(`Listening on http://127.0.0.1:${port}/hooks/captions`);
});
process.on("SIGTERM", () => server.close());
