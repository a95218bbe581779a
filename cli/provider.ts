/** All that the command line takes from `provider/`, where it is not a resource's own rule that counts. */
export type { RegisteredWebhook } from "../provider/api/answers";
export { Accounts } from "../provider/configuration";
export { CaptionsError } from "../provider/errors";
export { sameEvents, sameKeepers, sameUrl } from "../provider/lifecycle/same";
export type { Keepers } from "../provider/lifecycle/state";
export { hasUnknown, isUnknown } from "../provider/lifecycle/unknown";
