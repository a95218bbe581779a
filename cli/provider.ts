/** Everything that the command line imports from `provider/`. */
export type { RegisteredWebhook } from "../provider/api/answers";
export { Accounts } from "../provider/configuration";
export { CaptionsError } from "../provider/errors";
export { sameEvents, sameKeepers, sameUrl } from "../provider/lifecycle/same";
export type { Keepers } from "../provider/lifecycle/state";
export { hasUnknown, isUnknown } from "../provider/lifecycle/unknown";
