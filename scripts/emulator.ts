// `npm run emulator`: `pulumi-captions emulator`, from the sources.
process.argv.splice(2, 0, "emulator");
// biome-ignore lint/style/noRestrictedImports: an import() needs the ending.
void import("../cli/main.js");
