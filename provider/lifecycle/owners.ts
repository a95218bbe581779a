/**
 * Which resources have which webhook: all that this run knows of it, in one map from a webhook's id to its owners. An owner is
 * an opaque text that the front gives for a resource, and that is the same in every run.
 *
 * - Another owner than one's own: another resource has that webhook, so it is neither free to adopt nor to be deleted.
 * - One's own: the resource is being replaced, and this is the webhook that it had.
 * - None: somebody else's, or nobody's.
 */
export class Owners {
    /** Whether the program declares the owner, by owner, by id. Else only the state is known to have it. */
    readonly #byId = new Map<string, Map<string, boolean>>();

    /** Notes that a resource of the state has a webhook. */
    note(id: string, owner: string): void {
        const owners = this.#of(id);
        if (!owners.has(owner)) owners.set(owner, false);
    }

    /** Notes that a resource of the program has a webhook, and goes on to have it. */
    declare(id: string, owner: string): void {
        this.#of(id).set(owner, true);
    }

    /** Takes back what was noted: the resource goes by another name now, or does not have the webhook any more. */
    release(id: string, owner: string): void {
        this.#byId.get(id)?.delete(owner);
    }

    isOwn(id: string, owner: string): boolean {
        return this.#byId.get(id)?.has(owner) === true;
    }

    /** Whether another resource has it: of the program, or with `inState` also one that only the state has. */
    isOthers(id: string, owner: string | undefined, inState = false): boolean {
        const owners = [...(this.#byId.get(id) ?? [])];
        return owners.some(([other, isDeclared]) => other !== owner && (isDeclared || inState));
    }

    #of(id: string): Map<string, boolean> {
        const known = this.#byId.get(id);
        if (known !== undefined) return known;
        const owners = new Map<string, boolean>();
        this.#byId.set(id, owners);
        return owners;
    }
}
