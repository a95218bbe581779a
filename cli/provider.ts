import { isMarker } from "../provider/markers";

/** Everything that the command line imports from `provider/`. */
export type { RegisteredWebhook, WebhookList } from "../provider/api/responses";
export { Accounts, checkBaseUrl, defaultBaseUrl } from "../provider/configuration";
export { CallError, CaptionsError } from "../provider/errors";
export { type Account, check, knownEvents, Owners, remove } from "../provider/lifecycle";
export { distinctEvents, looseUrl, sameEvents, sameKeepers, sameUrl } from "../provider/lifecycle/same";
export type { Keepers } from "../provider/lifecycle/state";
export { sendOnce } from "../provider/lifecycle/write";

/** Whether a value of a preview stands for one that is not known yet. */
export const isUnknown = isMarker;

/** Whether a value of a preview is not known yet, or has such a value in it at any depth. */
export function hasUnknown(value: unknown): boolean {
    if (isMarker(value)) {
        return true;
    }
    return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
