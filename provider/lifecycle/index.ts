/** The lifecycle of a webhook: plain functions over an API client, with nothing of Pulumi in them. */
export { type CheckContext, check, knownEvents } from "./check";
export { create } from "./create";
export { diff, keep } from "./diff";
export { Ledger } from "./ledger";
export { PartialFailure } from "./outcome";
export { get, read } from "./read";
export { remove } from "./remove";
export { inputsOf, type WebhookInputs, type WebhookOutputs } from "./state";
export { update } from "./update";
