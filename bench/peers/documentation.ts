import { type Declaration, declareWebhooks } from "./declare";

/**
 * So many webhooks by a dynamic provider written as Pulumi's page on them shows it: its code is captured, every
 * resource reads for itself, and there is no own diff.
 */
export const documentationProgram = (declaration: Declaration): string => `
const pulumi = require("@pulumi/pulumi");
async function call(endpoint, body) {
    const answer = await fetch(process.env.CAPTIONS_BASE_URL + endpoint, {
        method: "POST",
        headers: { "x-api-key": process.env.CAPTIONS_API_KEY, "content-type": "application/json" },
        body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(endpoint + ": status " + answer.status);
    return await answer.json();
}
const provider = {
    async create(inputs) {
        const webhook = await call("/register", { url: inputs.url, enabledEvents: inputs.enabledEvents });
        return { id: webhook.id, outs: { ...inputs, secret: webhook.secret } };
    },
    async read(id, props) {
        const { registeredWebhooks } = await call("/list");
        const webhook = registeredWebhooks.find((one) => one.id === id);
        if (webhook === undefined) return { id: "", props: {} };
        return { id, props: { ...props, url: webhook.url, enabledEvents: webhook.enabledEvents, secret: webhook.secret } };
    },
    async update(id, olds, news) {
        const webhook = await call("/update", { id, url: news.url, enabledEvents: news.enabledEvents });
        return { outs: { ...news, secret: webhook.secret } };
    },
    async delete(id) {
        await call("/delete", { id });
    },
};
class Webhook extends pulumi.dynamic.Resource {
    constructor(name, args, opts) {
        super(provider, name, { secret: undefined, ...args }, { ...opts, additionalSecretOutputs: ["secret"] });
    }
}
${declareWebhooks(declaration, "Webhook")}`;
