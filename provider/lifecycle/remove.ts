import { CallError, type OverlapError } from "../errors";
import type { Account } from "./account";
import type { Listing } from "./inventory";
import type { Owners } from "./owners";
import { isAbsent } from "./read";
import type { WebhookOutputs } from "./state";
import { isRejection, sendOnce } from "./write";

/**
 * Deletes a webhook. One that is already gone is a success, in whatever words the API says so. One that another
 * resource has adopted stays.
 *
 * @param owner undefined where the state was written before owners were saved
 * @param overlap why it must not be deleted yet, asked when it is to be
 * @throws OverlapError where that is so
 * @throws CallError where the API rejects it, and `/list` still shows the webhook
 * @throws UnknownOutcomeError where neither says what became of it
 */
export async function remove(
    account: Account,
    owners: Owners,
    id: string,
    { owner, overlap }: { readonly owner: string | undefined; readonly overlap: () => OverlapError | undefined },
    saved: WebhookOutputs,
): Promise<void> {
    const { client, inventory, notify } = account;
    const holding = owner === undefined ? undefined : owners.get(owner);
    if (holding?.isNew === "webhook" && holding.id === id) {
        // A replacement that failed half-way left it to be deleted; or it was to be replaced, and the host did not tell
        // which it was.
        notify(
            `${id} was not deleted, because its resource has adopted it again. If it was to be replaced, remove \`adopt\`, and ` +
                "run `pulumi up --refresh`",
        );
        return;
    }
    if (owners.isOthers(id, saved.account, owner, true)) {
        // A renamed resource: the new one has adopted the webhook that the old one gives up, now or in a run that
        // failed.
        notify(`${id} was not deleted, because another resource of this program has adopted it`);
        return;
    }
    const keeping = overlap();
    if (keeping !== undefined) throw keeping;
    const isGone = (listing: Listing) => isAbsent(account, saved, listing, id) || undefined;
    await sendOnce<boolean>(account, {
        endpoint: "/delete",
        send: async () => {
            try {
                if (await client.delete(id)) return true;
                throw new CallError(
                    'the API responded {"success": false} to `/delete`, and still lists it.',
                    "did nothing",
                    200,
                );
            } catch (error) {
                const saysFalse = error instanceof CallError && error.meaning === "did nothing" && error.status === 200;
                if (!saysFalse && !isRejection(error)) throw error;
                const gone = await inventory.lookFor(isGone).catch(() => undefined);
                if (gone === undefined) throw error;
                return true;
            }
        },
        shows: isGone,
        unseen: () => "`/list` still shows it; it may still be deleted.",
        next:
            "Run it again; deleting a webhook that is already gone is not an error. If you want to keep it after all, run " +
            "`pulumi refresh` first, which shows whether it is there.",
    });
    inventory.noteDeleted(id);
}
