import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { AtEnd } from "../../support/shared";
import { copyExample, temporaryFolder } from "./examples";
import type { ProjectOptions } from "./project";
import { emulatorForTest } from "./project";

/** A stack that exports what its settings say: `list` as `secrets`, `url` and `leaked`. */
export async function exporterProject(atEnd?: AtEnd): Promise<ProjectOptions> {
    const home = temporaryFolder("home", atEnd);
    const folder = join(home, "exporter");
    cpSync(join(__dirname, "../exporter"), folder, { recursive: true });
    symlinkSync(join(await copyExample("quickstart", atEnd), "node_modules"), join(folder, "node_modules"));
    return { folder, home, emulator: await emulatorForTest(atEnd) };
}
