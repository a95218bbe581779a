import { secretsFromText, toWorker } from "pulumi-captions/receiver";

interface Env {
    CAPTIONS_WEBHOOK_SECRETS: string;
}

export default toWorker<Env>((env) => ({
    secrets: secretsFromText(env.CAPTIONS_WEBHOOK_SECRETS),
    onDelivery: (delivery) => console.log(`${delivery.event} ${delivery.operationId}`),
}));
