import { isReleased, keptStates } from "../forms";
import { testStates } from "../still-work";

// A file of its own, so that both can be run at the same time. The plugin has had no such form.
testStates(keptStates("dynamic").filter(([version]) => !isReleased(version)));
