import { createServer } from "node:http";
import { createReceiver, toNodeListener } from "pulumi-captions/receiver";
import { secretsFromFile } from "pulumi-captions/receiver/node";

const { SECRETS_FILE = `${__dirname}/secrets.json`, PORT = "8080" } = process.env;

const receiver = createReceiver({
    // Read again whenever `pulumi up` has changed it.
    secrets: secretsFromFile(SECRETS_FILE),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

const server = createServer(toNodeListener(receiver)).listen(Number(PORT), "127.0.0.1", () => {
    console.log(`listening on ${JSON.stringify(server.address())}`);
});
process.on("SIGTERM", () => server.close());
