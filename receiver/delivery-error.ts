/** What is wrong with a delivery's body. */
export type DeliveryErrorCode = "too-large" | "not-json" | "not-an-object" | "invalid-field";

/**
 * A delivery's body is not what Captions sends.
 *
 * The message never contains anything of the body: the URL in it lets anyone fetch the video.
 */
export class DeliveryError extends Error {
    override readonly name = "DeliveryError";

    constructor(
        readonly code: DeliveryErrorCode,
        message: string,
        /** The field that is missing or of the wrong type, with the code `invalid-field`. */
        readonly field?: string,
    ) {
        super(message);
    }
}
