import { CaptionsError } from "../errors";
import type { Wire } from "./values";

/** A property that differs, as the engine shows it; the path is like `enabledEvents[1]`. */
export interface PropertyDifference {
    readonly kind: "add" | "delete" | "update";
    readonly path: string;
}

/** What the plugin does for the resources of one type. Each method takes and gives what the engine sends and wants. */
export interface ResourceHandler {
    check(resource: { urn: string; olds: Wire; news: Wire }): Promise<Checked>;
    diff(resource: {
        urn: string;
        id: string;
        olds: Wire;
        oldInputs: Wire;
        news: Wire;
    }): Promise<readonly PropertyDifference[]>;
    create(resource: { urn: string; news: Wire; isPreview: boolean }): Promise<{ id: string; outputs: Wire }>;
    /** Answers undefined where the resource is gone; `inputs` where they are to replace those of the state. */
    read(resource: {
        urn: string;
        id: string;
        olds: Wire;
        oldInputs: Wire;
    }): Promise<{ outputs: Wire; inputs: Wire } | undefined>;
    update(resource: { urn: string; id: string; olds: Wire; news: Wire; isPreview: boolean }): Promise<Wire>;
    remove(resource: { urn: string; id: string; olds: Wire; oldInputs: Wire }): Promise<void>;
}

export interface Checked {
    readonly inputs: Wire;
    /** Sentences that begin with a property's name. */
    readonly failures: readonly string[];
}

/** A resource that was made half-way: it is saved with what is known of it, and the run fails. */
export class SavedFailure extends CaptionsError {
    override readonly name = "PartialFailure";

    constructor(
        readonly id: string,
        readonly outputs: Wire,
        message: string,
    ) {
        super(message);
    }
}
