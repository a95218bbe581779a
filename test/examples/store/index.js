// Writes the secrets of another stack to AWS Secrets Manager. Pulumi's plugin for AWS comes from Pulumi's own site
// only, so that this resource stands in for `aws.secretsmanager.SecretVersion`; it calls the same API through the AWS
// SDK.
const pulumi = require("@pulumi/pulumi");

class SecretVersion extends pulumi.CustomResource {
    constructor(name, args) {
        super(
            "pulumi-nodejs:dynamic/store:SecretVersion",
            name,
            { ...args, __provider: 'exports.handler = () => require("./provider.js");' },
            { additionalSecretOutputs: ["secretString"] },
        );
    }
}

const infrastructure = new pulumi.StackReference("organization/captions-infrastructure/test");
new SecretVersion("webhook-secrets", {
    secretId: "captions-webhook-secrets",
    secretString: pulumi.jsonStringify(infrastructure.requireOutput("secrets")),
});
