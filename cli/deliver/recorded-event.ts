import { DeliveryError, parseDelivery } from "../../receiver";
import { decodeText } from "../decode-text";
import { CommandError } from "../errors";
import { readInput } from "../input-file";
import type { Io } from "../io";

/** The body of a delivery that somebody recorded. It contains the video's signed URL, so nothing of it is shown. */
export interface RecordedEvent {
    /** The file's bytes; in UTF-8 where the file was in UTF-16, and without a byte order mark. */
    readonly body: Uint8Array;
    /** Its name, such as `creator.success`. */
    readonly event: string;
    readonly operationId?: string;
}

/** The most that receivers read, unless their `maxBytes` says otherwise. */
const mostBytes = 1024 * 1024;
const tooLarge = "it is larger than 1 MiB, the most that receivers read";

/** @throws CommandError where the file cannot be read, or is not the body of a delivery */
export async function readRecordedEvent(file: string, io: Io): Promise<RecordedEvent> {
    const bytes = await readInput(file, io);
    // Before it is decoded: a file that is named by mistake may be a video.
    const body = bytes.byteLength > mostBytes ? undefined : Buffer.from(decodeText(bytes));
    const problem = body === undefined ? tooLarge : problemOf(body, bytes);
    if (body === undefined || problem !== undefined) {
        const name = file === "-" ? "Standard input" : file;
        throw new CommandError(`${name} is not the body of a delivery: ${problem}.`);
    }
    const { event, operationId } = JSON.parse(body.toString());
    return { body, event, ...(typeof operationId === "string" ? { operationId } : {}) };
}

/** Whether the bytes are not text in the encoding that they seem to have. */
function isBroken(bytes: Uint8Array): boolean {
    try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        return false;
    } catch {
        return decodeText(bytes).includes("\ufffd");
    }
}

/**
 * By what `pulumi-captions/receiver` says of it. What else it finds wrong is left for the deployed receiver to judge,
 * which may know events and fields that this version does not.
 */
function problemOf(body: Buffer, bytes: Uint8Array): string | undefined {
    if (body.toString().trim() === "") {
        return "it is empty";
    }
    if (isBroken(bytes)) {
        return "it is neither UTF-8 nor UTF-16 text";
    }
    try {
        parseDelivery(body);
        return undefined;
    } catch (error) {
        if (!(error instanceof DeliveryError)) {
            throw error;
        }
        switch (error.code) {
            case "too-large":
                return tooLarge;
            case "not-json":
                return "it is not JSON";
            case "not-an-object":
                return "it is not a JSON object";
            default:
                return error.field === "event" ? 'it has no "event" with the name of an event' : undefined;
        }
    }
}
