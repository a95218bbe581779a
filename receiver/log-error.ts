import { SecretsError } from "./secrets-error.js";

/** Where something went wrong, and with which delivery, if that is known by then. Without the delivery's URL, which is a credential. */
export interface ErrorContext {
    /** `secrets`: having them. `body`: it was read by something else. `dedupe`: the store. `handler`: `onDelivery`. */
    step: "secrets" | "body" | "dedupe" | "handler";
    event?: string;
    operationId?: string | undefined;
}

const what = {
    secrets: "The webhook's secrets could not be had",
    body: "The request's body was read before the receiver got it",
    dedupe: "The dedupe store failed",
    handler: "onDelivery failed",
};

/** The default of `onError`. Only this package's own messages are shown: any other may quote the video's URL. */
export function logError(error: unknown, { step, event, operationId }: ErrorContext): void {
    const delivery = event === undefined ? "" : ` for ${JSON.stringify([event, operationId])}`;
    const why = error instanceof SecretsError ? error.message : error instanceof Error ? error.name : typeof error;
    console.error(`pulumi-captions/receiver: ${what[step]}${delivery}: ${why} (pass onError to see the whole error)`);
}
