import { OverlapError } from "../errors";
import type { Owners } from "./owners";
import type { Proofs } from "./proofs";

/**
 * Why a generation must not be deleted yet: it is the last one that receivers are sure to know. That is so where everything that
 * would remain was registered in this run, and nothing in this run has proven that receivers accept it.
 *
 * @returns undefined where it may go: others remain, receivers are proven to know one of them, nothing remains at all (then it is
 * to end), or the program says that it may
 */
export function overlapNeeded(owners: Owners, id: string, family: string, proofs: Proofs): OverlapError | undefined {
    const remaining = owners.declaredOf(family).filter((holding) => holding.id !== id);
    const [successor] = remaining;
    if (successor === undefined || remaining.some(({ origin }) => origin !== "registered")) return undefined;
    if (remaining.some(({ secret }) => secret !== undefined && proofs.has(secret))) return undefined;
    return new OverlapError(
        `it was kept: its successor (${successor.id}) was registered in this run, and nothing has proven yet that receivers know ` +
            "the new secret. All else of this run is done. Run `pulumi up` again when every receiver has the new secret: that " +
            "deletes it. To have `pulumi up` wait for the receivers, add a DeliveryCheck to the program; to delete it at once " +
            "and lose deliveries, set `dropAtOnce: true`.",
    );
}
