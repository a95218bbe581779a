import { OverlapError } from "../errors";
import type { Holding, Owners } from "./owners";
import type { Proofs } from "./proofs";

/**
 * Why a generation must not be deleted yet: receivers may know no other. That is so where everything that would remain
 * has a secret that the state did not have before this run (registered or rotated in it, or found by its refresh), and
 * nothing in this run has proven that receivers accept one of them.
 *
 * @returns undefined where it may go: others remain, receivers are proven to know one of them, nothing remains at all
 * (then it is to end), or the program says that it may
 */
export function overlapNeeded(owners: Owners, id: string, family: string, proofs: Proofs): OverlapError | undefined {
    const remaining = owners.declaredOf(family).filter((holding) => holding.id !== id);
    const [successor] = remaining;
    const isKnown = ({ isNew, secret }: Holding) => isNew === undefined || (secret !== undefined && proofs.has(secret));
    if (successor === undefined || remaining.some(isKnown)) return undefined;
    return new OverlapError(
        `it was kept: its successor (${successor.id}) got its secret in this run, and nothing has proven yet that receivers know ` +
            "that. Run `pulumi up` again when every receiver has the new secret: that deletes it. To have `pulumi up` wait for the receivers, add a DeliveryCheck with the same provider to the program; to delete it at once " +
            "and lose deliveries, set `dropAtOnce: true`.",
    );
}
