/** Probes what TARGET names, for a test that needs another environment than its own. */
import { probe } from "../../probe";

void probe({ targets: [JSON.parse(process.env.TARGET ?? "")] }).then((result) => console.log(JSON.stringify(result)));
