// A Node server that takes deliveries on 127.0.0.1. `receiver`: with createReceiver, which needs the secret. `plain`:
// as one writes it by hand without looking who calls: it reads the body, parses it, and answers.
import { createServer } from "node:http";
import { createReceiver, toNodeListener } from "pulumi-captions/receiver";

const [kind, secret] = process.argv.slice(2);

function handle() {}

function plain(request, response) {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
        try {
            handle(JSON.parse(Buffer.concat(chunks).toString()));
            response.statusCode = 200;
        } catch {
            response.statusCode = 400;
        }
        response.end();
    });
}

const server = createServer(
    kind === "plain" ? plain : toNodeListener(createReceiver({ secrets: secret, onDelivery: handle })),
);
server.listen(0, "127.0.0.1", () => process.send(`http://127.0.0.1:${server.address().port}/`));

// How long it has worked so far, in microseconds of a processor, without what the system did for it.
process.on("message", () => process.send(process.cpuUsage().user));
process.on("disconnect", () => process.exit());
