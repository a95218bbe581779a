import { createServer } from "node:http";
import { createReceiver, toNodeListener } from "pulumi-captions/receiver";
import { secretsFromFile } from "pulumi-captions/receiver/node";

const { SECRETS_FILE = "/var/run/secrets/captions/secrets.json", PORT = "8080" } = process.env;

const receiver = createReceiver({
    // Looked at for every delivery, so that a secret which Kubernetes has put there is accepted from that moment on.
    secrets: secretsFromFile(SECRETS_FILE),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

const server = createServer(toNodeListener(receiver)).listen(Number(PORT), () => {
    console.log(`listening on ${JSON.stringify(server.address())}`);
});
// What is being answered is answered; Kubernetes sends nothing new by then.
process.on("SIGTERM", () => server.close());
