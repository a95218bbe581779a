import { looseUrl } from "./same";

/** What a resource of the stack has, as far as the host has told in this run. */
export interface Holding {
    /** Its webhook. Undefined where the host has told only that there is one. */
    readonly id?: string | undefined;
    readonly account?: string | undefined;
    /** As the program declares it, else as the state has it. */
    readonly url: string;
    /** Undefined where it is not known. */
    readonly secretVersion?: number | undefined;
    /** Whether the program declares it, and it goes on to have this webhook. Else the state has it. */
    readonly isDeclared: boolean;
    readonly secret?: string | undefined;
    /** Where this run has registered or adopted the webhook for this resource, or has rotated its secret. */
    readonly isNew?: "webhook" | "secret" | undefined;
}

/**
 * Whose webhook it is: all that this run knows of it, in one map. An owner is an opaque text that the front gives for a
 * resource, and that is the same in every run. So, of a webhook:
 *
 * - another owner has it: it is neither free to adopt nor to be deleted;
 * - the same owner has it, and a new one is to be registered: it is being replaced;
 * - no owner has it: it is somebody else's, or nobody's.
 */
export class Owners {
    readonly #holdings = new Map<string, Holding>();
    readonly #ownersById = new Map<string, Set<string>>();
    /** The loose form of what each has for a URL. */
    readonly #urls = new Map<string, string>();
    readonly #renamedFamilies = new Map<string, string>();
    /** By the webhook's id. */
    readonly #families = new Map<string, Set<string>>();

    get(owner: string): Holding | undefined {
        return this.#holdings.get(owner);
    }

    set(owner: string, holding: Holding): void {
        this.lose(owner);
        this.#holdings.set(owner, holding);
        this.#urls.set(owner, looseUrl(holding.url));
        if (holding.id === undefined) return;
        const owners = this.#ownersById.get(holding.id);
        if (owners === undefined) {
            this.#ownersById.set(holding.id, new Set([owner]));
        } else {
            owners.add(owner);
        }
    }

    /** Notes that a resource does not have its webhook any more; what it had is still known. */
    lose(owner: string): void {
        const id = this.#holdings.get(owner)?.id;
        if (id !== undefined) this.#ownersById.get(id)?.delete(owner);
    }

    /** Forgets a resource that goes by another name, or did not come to be. */
    release(owner: string): void {
        this.lose(owner);
        this.#holdings.delete(owner);
    }

    /**
     * Forgets whatever else has a webhook that the program declares for a resource: that is what it was called before.
     */
    releaseFormer(id: string, owner: string): void {
        for (const other of this.#ownersById.get(id) ?? []) if (other !== owner) this.release(other);
    }

    /** Whether some resource may have its webhook in another account: then one that is here may be anybody's. */
    hasMoves = false;

    /** Notes that webhooks belong to generations of one rotating webhook. */
    setFamily(ids: readonly string[], family: string): void {
        for (const id of ids) this.#families.set(id, (this.#families.get(id) ?? new Set()).add(family));
    }

    /** What the program declares of a family. */
    declaredOf(family: string): readonly Holding[] {
        return [...this.#holdings.values()].filter(
            ({ id, isDeclared }) => isDeclared && id !== undefined && this.isOfFamily(id, family),
        );
    }

    /** The resources of a family that have a webhook, of the program or of the state, as far as the host has told. */
    heldOf(family: string): readonly { readonly owner: string; readonly id: string }[] {
        return [...this.#holdings].flatMap(([owner, { id }]) =>
            id !== undefined && this.isOfFamily(id, family) ? [{ owner, id }] : [],
        );
    }

    /** Notes that a family goes by another name in the program than in the state, by `aliases`. */
    renameFamily(before: string, now: string): void {
        if (before !== now) this.#renamedFamilies.set(before, now);
    }

    /** The name that a family has in the program. */
    familyNow(family: string): string {
        return this.#renamedFamilies.get(family) ?? family;
    }

    isOfFamily(id: string, family: string): boolean {
        return [...(this.#families.get(id) ?? [])].some((one) => this.familyNow(one) === this.familyNow(family));
    }

    /** Whether any other resource has it, of the program or of the state, in whichever account. */
    isHeld(id: string, owner: string): boolean {
        return [...(this.#ownersById.get(id) ?? [])].some((other) => other !== owner);
    }

    /** The webhooks that other resources of the program declare for a URL, but for those of the same family. */
    declaredFor(
        url: string,
        account: string | undefined,
        owner: string,
        family: string | undefined,
    ): readonly string[] {
        const key = looseUrl(url);
        return [...this.#holdings].flatMap(([other, holding]) => {
            const { id, isDeclared } = holding;
            const isIt = other !== owner && isDeclared && holding.account === account && this.#urls.get(other) === key;
            const isFamily = id !== undefined && family !== undefined && this.isOfFamily(id, family);
            return isIt && id !== undefined && !isFamily ? [id] : [];
        });
    }

    /** Whether another resource has it: of the program, or with `inState` also one that only the state has. */
    isOthers(id: string, account: string | undefined, owner: string | undefined, inState = false): boolean {
        return [...(this.#ownersById.get(id) ?? [])].some((other) => {
            const holding = this.#holdings.get(other);
            return other !== owner && holding?.account === account && (inState || holding?.isDeclared === true);
        });
    }
}
