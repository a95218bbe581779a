// Preloaded into a program: notes the stack of each error that ends it, a line each, in the file STACKS_FILE.
const { appendFileSync } = require("node:fs");

if (process.argv[1]?.includes("cmd/run")) {
    process.on("unhandledRejection", ({ stack }) => {
        appendFileSync(process.env.STACKS_FILE, `${JSON.stringify(stack)}\n`);
    });
}
