import type { Accounts } from "../configuration";
import { CaptionsError, InputError, WebhookNotFoundError } from "../errors";
import { generations } from "../generations";
import type { Session } from "../session";
import { type Properties, plainProperties, type Wire, wiredLike } from "./values";

/** The functions of the schema, by token. None has an effect. */
export type Functions = Readonly<Record<string, (args: Wire) => Promise<Wire>>>;

export function functionsOf(session: Session, accounts: Accounts): Functions {
    const inventory = () => accounts.open(undefined).inventory;
    return {
        "captions:index:getEvents": async () => ({ events: [...(await inventory().events())] }),

        "captions:index:getWebhooks": async () => {
            const { webhooks } = await inventory().list();
            return {
                webhooks: [...webhooks].map(({ id, url, enabledEvents }) => ({
                    id,
                    url,
                    enabledEvents: [...enabledEvents],
                })),
            };
        },

        "captions:index:getWebhook": async (args) => {
            const { id: given, url } = plainProperties(args);
            const id = given == null ? await idOn(url) : text("id", given);
            const { url: shown, enabledEvents, secret } = await session.get(id, undefined);
            return wiredLike({ id, url: shown, enabledEvents, secret }, ["secret"]);
        },

        "captions:index:getGenerations": async (args) => {
            const { every, overlap, now } = plainProperties(args);
            const moment = now == null ? {} : { now: new Date(text("now", now)) };
            return {
                generations: generations({ every: text("every", every), overlap: text("overlap", overlap), ...moment }),
            };
        },
    };

    async function idOn(url: unknown): Promise<string> {
        if (url == null) throw new InputError("getWebhook: name the webhook by its id or by its url");
        const found = (await inventory().list()).withUrl(text("url", url));
        const [only] = found;
        if (found.length === 1 && only !== undefined) return only.id;
        if (found.length === 0) throw new WebhookNotFoundError("getWebhook: there is no webhook with this URL.");
        throw new WebhookNotFoundError(
            `getWebhook: there are ${found.length} webhooks with this URL (${found.map(({ id }) => id).join(", ")}). Name one by its id.`,
        );
    }
}

function text(name: string, value: Properties[string]): string {
    if (typeof value === "string" && value !== "") return value;
    throw new CaptionsError(`${name}: must be a string that is not empty`);
}
