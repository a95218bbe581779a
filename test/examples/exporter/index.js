// The stack of another team: exports what its settings say.
const pulumi = require("@pulumi/pulumi");

const secrets = new pulumi.Config().getObject("list");
if (secrets !== undefined) exports.secrets = pulumi.secret(secrets);
