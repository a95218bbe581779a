/** Something that tests need could not be had. The message says what was tried and what to do. */
export class PrerequisiteError extends Error {
    override readonly name = "PrerequisiteError";
}
