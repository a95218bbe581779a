/**
 * Something that the emulator was asked for and cannot do: a port in use, a broken state file, a switch that doesn't
 * exist, an id that isn't there. The message is one sentence for a person.
 */
export class EmulatorError extends Error {
    override readonly name = "EmulatorError";
}
