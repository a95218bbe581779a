const { randomBytes } = require("node:crypto");

/** What Pulumi's host runs for the resources of `nullDynamicProgram`: each method with nothing behind it. */
module.exports = {
    check: async (_olds, news) => ({ inputs: news, failures: [] }),
    diff: async (_id, olds, news) => ({ changes: !isSame(olds, news), replaces: [], deleteBeforeReplace: false }),
    create: async (news) => ({ id: `wh_${randomBytes(12).toString("base64url")}`, outs: made(news, 1) }),
    read: async (id, props) => ({ id, props }),
    update: async (_id, olds, news) => ({ outs: made(news, olds.secretVersion + 1) }),
    delete: async () => undefined,
};

function made({ url, enabledEvents, __provider, __owner }, secretVersion) {
    const secret = `whsec_${randomBytes(32).toString("base64url")}`;
    const changedAt = new Date().toISOString();
    return { url, enabledEvents, secret, secretVersion, changedAt, __provider, __owner };
}

function isSame(olds, news) {
    return olds.url === news.url && JSON.stringify(olds.enabledEvents) === JSON.stringify(news.enabledEvents);
}
