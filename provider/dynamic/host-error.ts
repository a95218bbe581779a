import { CaptionsError } from "../errors";

/**
 * The host prints an error of `check`, `diff`, `read` and `delete` as `${error}: ${error.stack}`, and hands its message
 * to the engine, which prints that, too. So what the host prints only points at the message.
 */
export class HostError extends CaptionsError {
    override readonly name: string;

    /** @param step what failed, such as `reading a webhook` */
    constructor(name: string, message: string, step: string) {
        super(message);
        this.name = name;
        this.stack = `${step} failed; the error says why`;
    }

    override toString(): string {
        return "captions";
    }
}
