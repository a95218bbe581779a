// `npm run emulator`: `pulumi-captions emulator`, from the sources.
process.argv.splice(2, 0, "emulator");
void import("../cli/main.js");
