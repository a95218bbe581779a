import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const replicas = config.getNumber("replicas") ?? 2;
const namespace = config.get("namespace") ?? "default";
// By stack, so that two stacks in one namespace share neither objects nor pods.
const name = `captions-receiver-${pulumi.getStack()}`;
const labels = { app: "captions-receiver", stack: pulumi.getStack() };
/** The user `node` of the image, as a number: Kubernetes cannot tell whether a name is root. */
const user = 1000;

/** Where `pulumi-captions deliver` sends its tests. */
export const url = config.require("url");

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});

// Without a name of its own: where Pulumi has to replace it (see Pulumi.yaml), it creates the new one before it deletes
// the old.
const secret = new k8s.core.v1.Secret("captions-webhook-secrets", {
    metadata: { namespace, labels },
    stringData: { "secrets.json": pulumi.jsonStringify(webhook.secrets) },
});

// Which secrets there are, without showing them: an id and a count for each generation.
const versions = pulumi.all(
    [...webhook.webhooks.values()].map(({ id, secretVersion }) => pulumi.interpolate`${id}:${secretVersion}`),
);

const deployment = new k8s.apps.v1.Deployment("receiver", {
    metadata: { name, namespace, labels },
    spec: {
        replicas,
        selector: { matchLabels: labels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
            metadata: {
                labels,
                // With this, a new secret rolls the pods out at once. Without, they read the file again when Kubernetes
                // updates it.
                annotations: config.getBoolean("rollOut")
                    ? { "captions/secret-versions": versions.apply((all) => all.join()) }
                    : {},
            },
            spec: {
                // All that the Pod Security Standard "restricted" asks for; and the receiver never calls the cluster's
                // API.
                automountServiceAccountToken: false,
                securityContext: {
                    runAsNonRoot: true,
                    runAsUser: user,
                    runAsGroup: user,
                    seccompProfile: { type: "RuntimeDefault" },
                },
                containers: [
                    {
                        name: "receiver",
                        image: config.require("image"),
                        env: [{ name: "SECRETS_FILE", value: "/var/run/secrets/captions/secrets.json" }],
                        ports: [{ containerPort: 8080 }],
                        securityContext: {
                            allowPrivilegeEscalation: false,
                            capabilities: { drop: ["ALL"] },
                            readOnlyRootFilesystem: true,
                        },
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
});

const service = new k8s.core.v1.Service("receiver", {
    metadata: { name, namespace, labels },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
});

// Nothing is deleted in a run in which one of the pods rejects one of its secrets.
if (config.getBoolean("deliveryCheck") !== false) {
    const args = { url, secrets: webhook.secrets, instances: replicas };
    new captions.DeliveryCheck("receiver", args, { dependsOn: [deployment, service] });
}

export { name as service };
export const secretName = secret.metadata.name;
export const secretVersions = versions;
