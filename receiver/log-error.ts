import { SecretsError } from "./secrets-error.js";
import { SetupError } from "./setup-error.js";

/**
 * Where something went wrong, and with which delivery, if that is known by then. Without the delivery's URL, which is a
 * credential.
 */
export interface ErrorContext {
    /**
     * `secrets`: there is none, or they could not be fetched. `body`: something else has read it. `dedupe`: the store.
     * `handler`: `onDelivery`. `request`: an adapter could not make a request, or an answer, of what its framework gave
     * it.
     */
    step: "secrets" | "body" | "dedupe" | "handler" | "request";
    event?: string;
    operationId?: string | undefined;
}

const what = {
    secrets: "The webhook's secrets are not available",
    body: "The request's body was read before the receiver got it",
    dedupe: "The dedupe store failed",
    handler: "onDelivery failed",
    request: "The request could not be handled",
};

/** The default of `onError`. Only this package's own messages are shown: any other may contain the video's URL. */
export function logError(error: unknown, { step, event, operationId }: ErrorContext): void {
    const delivery = event === undefined ? "" : ` for ${JSON.stringify([event, operationId])}`;
    const shown = `${what[step]}${delivery}: ${withoutContent(error)}`;
    console.error(`pulumi-captions/receiver: ${shown} (pass onError to see the whole error)`);
}

function withoutContent(error: unknown): string {
    if (error instanceof SecretsError || error instanceof SetupError) return error.message;
    return error instanceof Error ? error.name : typeof error;
}
