import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const repository = config.require("repository");

export const url = config.require("url");
const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});
export const secrets = webhook.secrets;

const environment = new github.RepositoryEnvironment("receiver", { repository, environment: pulumi.getStack() });

// One secret for each generation: of a JSON list as one secret, GitHub would not mask the parts in logs. A workflow
// that deploys the receiver (`environment: <stack>`) hands on both, and `secretsFromText` reads them; the second is
// empty between rotations: CAPTIONS_WEBHOOK_SECRETS: ${{ secrets.CAPTIONS_WEBHOOK_SECRET_1 }} ${{
// secrets.CAPTIONS_WEBHOOK_SECRET_2 }}
[...webhook.webhooks.values()].forEach(({ secret }, index) => {
    new github.ActionsEnvironmentSecret(`webhook-secret-${index + 1}`, {
        repository,
        environment: environment.environment,
        secretName: `CAPTIONS_WEBHOOK_SECRET_${index + 1}`,
        value: secret,
    });
});

// The receiver takes other secrets only later. So when an older generation is dropped, it must accept the next one
// first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: oldest });
}
