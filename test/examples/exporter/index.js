// The stack of another team: exports what its settings say.
const pulumi = require("@pulumi/pulumi");

const config = new pulumi.Config();
const list = config.getObject("list");
module.exports = {
    ...(list !== undefined && { secrets: pulumi.secret(list) }),
    url: config.get("url"),
    leaked: config.getSecret("leaked"),
};
