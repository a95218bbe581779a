import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Lets the DeliveryCheck of a copied example take seconds: the defaults of minutes are for real deployments. */
export function hurryDeliveryCheck(folder: string): void {
    const path = join(folder, "index.ts");
    const program = readFileSync(path, "utf8");
    const hurried = program.replace(/(DeliveryCheck\("\w+", \{)/, "$1 waitSeconds: 1, steadySeconds: 1,");
    if (hurried === program) throw new Error(`${path} has no DeliveryCheck.`);
    writeFileSync(path, hurried);
}
