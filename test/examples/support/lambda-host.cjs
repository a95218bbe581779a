// Runs a Lambda function's code, as the Lambda service does: an event comes in, an answer goes out.
const { handler } = require(process.argv[2]);

process.on("message", async ({ id, event }) => {
    process.send({ id, answer: await handler(event) });
});
process.send("ready");
