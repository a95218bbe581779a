import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { cachedSecrets, createReceiver, secretsFromText, toLambdaHandler } from "pulumi-captions/receiver";

const secretsManager = new SecretsManagerClient();

const receiver = createReceiver({
    // Kept for five minutes, and read again at once when a delivery comes with a secret that is not known yet.
    secrets: cachedSecrets(async () => {
        const answer = await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.SECRET_ID }));
        return secretsFromText(answer.SecretString);
    }),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

export const handler = toLambdaHandler(receiver);
