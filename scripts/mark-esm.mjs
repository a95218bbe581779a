// The second half of the build: `dist/esm` holds ES modules, while the package is CommonJS.
import { mkdirSync, writeFileSync } from "node:fs";

const folder = new URL("../dist/esm/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("package.json", folder), '{ "type": "module" }\n');
