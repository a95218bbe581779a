import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { createReceiver, toNodeListener } from "pulumi-captions/receiver";
import { secretsFromFile } from "pulumi-captions/receiver/node";

const { SECRETS_FILE = "/var/run/secrets/captions/secrets.json", PORT = "8080" } = process.env;

const receiver = createReceiver({
    // Checked for every delivery, so that a secret is accepted from the moment at which Kubernetes has put it there.
    secrets: secretsFromFile(SECRETS_FILE),
    // The pod's name, so that a DeliveryCheck can tell the pods apart.
    instance: hostname(),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

const server = createServer(toNodeListener(receiver)).listen(Number(PORT), () => {
    const { port } = server.address() as AddressInfo;
    console.log(`Listening on http://localhost:${port}/`);
});
// Requests that have begun are answered; Kubernetes sends no new ones by then.
process.on("SIGTERM", () => server.close());
