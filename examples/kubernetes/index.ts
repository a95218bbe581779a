import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const namespace = config.get("namespace") ?? "default";
const labels = { app: "captions-receiver" };

const webhook = new captions.RotatingWebhook("renders", {
    url: config.require("url"),
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.getObject<string[]>("generations") ?? captions.generations({ every: "90d", overlap: "7d" }),
});

// Without enableSecretMutable a new value replaces the Secret, and one with a name of its own is deleted first: pods that start
// in between would not.
const cluster = new k8s.Provider("cluster", { enableSecretMutable: true });

const secret = new k8s.core.v1.Secret(
    "webhook-secrets",
    {
        metadata: { name: "captions-webhook-secrets", namespace },
        stringData: { "secrets.json": pulumi.jsonStringify(webhook.secrets) },
    },
    { provider: cluster },
);

// Which secrets there are, without a word of them: an id and a count for each generation.
const versions = pulumi.all(
    [...webhook.webhooks.values()].map(({ id, secretVersion }) => pulumi.interpolate`${id}:${secretVersion}`),
);

new k8s.apps.v1.Deployment(
    "receiver",
    {
        metadata: { name: "captions-receiver", namespace, labels },
        spec: {
            replicas: config.getNumber("replicas") ?? 2,
            selector: { matchLabels: labels },
            strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
            template: {
                metadata: {
                    labels,
                    // With this, a new secret rolls the pods out at once. Without, they read the file again when Kubernetes updates it.
                    annotations: config.getBoolean("rollOut")
                        ? { "captions/secret-versions": versions.apply((all) => all.join()) }
                        : {},
                },
                spec: {
                    containers: [
                        {
                            name: "receiver",
                            image: config.require("image"),
                            env: [{ name: "SECRETS_FILE", value: "/var/run/secrets/captions/secrets.json" }],
                            ports: [{ containerPort: 8080 }],
                            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 2 },
                            // Until the Service has stopped sending requests to a pod that ends.
                            lifecycle: { preStop: { sleep: { seconds: 5 } } },
                            // The whole folder: Kubernetes doesn't update a file that is mounted by subPath.
                            volumeMounts: [{ name: "secrets", mountPath: "/var/run/secrets/captions", readOnly: true }],
                        },
                    ],
                    volumes: [{ name: "secrets", secret: { secretName: secret.metadata.name } }],
                },
            },
        },
    },
    { provider: cluster },
);

new k8s.core.v1.Service(
    "receiver",
    {
        metadata: { name: "captions-receiver", namespace, labels },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    { provider: cluster },
);

export const secretName = secret.metadata.name;
export const secretVersions = versions;
