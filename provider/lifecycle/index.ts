/** The lifecycle of a webhook: plain functions over an API client, with nothing of Pulumi in them. */
export { type Account, openAccount } from "./account";
export { type CheckContext, check, knownEvents } from "./check";
export { type Created, claimedTwice, create, declaredTwice, type NewResource, type Siblings } from "./create";
export { type Difference, diff } from "./diff";
export { Owners } from "./owners";
export { get, read } from "./read";
export { remove } from "./remove";
export {
    inputNames,
    inputsOf,
    type Keepers,
    parseSaved,
    type WebhookInputs,
    type WebhookOutputs,
    withoutUndefined,
} from "./state";
export { hasUnknown, isUnknown, unknown } from "./unknown";
export { update } from "./update";
export { PartialFailure } from "./write";
