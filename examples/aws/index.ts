import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

const secret = new aws.secretsmanager.Secret("webhook-secrets", { description: "The webhook's secrets, newest first" });
const logs = new aws.cloudwatch.LogGroup("receiver", { retentionInDays: 30 });

const role = new aws.iam.Role("receiver", {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
});
// No managed policy: its ARN would contain the partition, which is another one in China and GovCloud.
const permissions = new aws.iam.RolePolicy("receiver", {
    role: role.id,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secret.arn },
            {
                Effect: "Allow",
                Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                Resource: pulumi.interpolate`${logs.arn}:*`,
            },
        ],
    }),
});

const receiver = new aws.lambda.Function(
    "receiver",
    {
        runtime: aws.lambda.Runtime.NodeJS22dX,
        handler: "index.handler",
        role: role.arn,
        timeout: 30,
        code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(bundle()) }),
        // Where the secrets are, not what they are: the function reads them itself, and takes up new ones without a
        // deployment.
        environment: { variables: { SECRET_ID: secret.arn } },
        loggingConfig: { logFormat: "Text", logGroup: logs.name },
        // Limits how much of the account's concurrency, and of your money, strangers can use. -1: no limit.
        reservedConcurrentExecutions: config.getNumber("reservedConcurrency") ?? 10,
    },
    { dependsOn: permissions },
);
const functionUrl = new aws.lambda.FunctionUrl("receiver", {
    functionName: receiver.name,
    authorizationType: "NONE",
});
// Both are needed to call a function URL without AWS credentials: the receiver checks the webhook's secret instead.
const callable = [
    new aws.lambda.Permission("call-url", {
        function: receiver.name,
        principal: "*",
        action: "lambda:InvokeFunctionUrl",
        functionUrlAuthType: "NONE",
    }),
    new aws.lambda.Permission("invoke-by-url", {
        function: receiver.name,
        principal: "*",
        action: "lambda:InvokeFunction",
        invokedViaFunctionUrl: true,
    }),
];

/** Known only when everybody may call it, because deliveries arrive as soon as the webhook is registered. */
export const url = pulumi
    .all([functionUrl.functionUrl, pulumi.all(callable.map(({ id }) => id))])
    .apply(([address]) => address);

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});

const stored = new aws.secretsmanager.SecretVersion("webhook-secrets", {
    secretId: secret.id,
    secretString: pulumi.jsonStringify(webhook.secrets),
});

// Nothing is deleted in a run in which the function rejects one of its secrets.
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: webhook.secrets }, { dependsOn: [receiver, stored] });
}

export const secrets = webhook.secrets;
export const secretArn = secret.arn;

/** The handler with all it needs but the AWS SDK, which Lambda brings along. */
function bundle(): string {
    const { outputFiles } = buildSync({
        entryPoints: [`${__dirname}/handler.ts`],
        bundle: true,
        platform: "node",
        target: "node22",
        external: ["@aws-sdk/*"],
        write: false,
    });
    return outputFiles[0]?.text ?? "";
}
