import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { cachedSecrets, createReceiver, secretsFromText, toLambdaHandler } from "pulumi-captions/receiver";

const secretsManager = new SecretsManagerClient();

const receiver = createReceiver({
    // Kept for five minutes, and read again before a delivery with an unknown secret is rejected. Anybody can send one,
    // and it occupies a process of the function while it waits: for a second at most, instead of the default of five.
    secrets: cachedSecrets(
        async () => {
            const answer = await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.SECRET_ID }));
            return secretsFromText(answer.SecretString);
        },
        { minRefetchSeconds: 1 },
    ),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
});

export const handler = toLambdaHandler(receiver);
