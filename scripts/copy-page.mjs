// The third part of the build: the emulator's web page, which nothing has to compile.
import { cpSync, rmSync } from "node:fs";

const from = new URL("../emulator/page/assets/", import.meta.url);
const to = new URL("../dist/emulator/page/assets/", import.meta.url);
// With what is no longer there.
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
