import { createRequire } from "node:module";
import { join } from "node:path";
import { installExamplePackages, installMoto } from "../../prerequisites";
import { startProgram } from "./processes";

export interface Aws {
    readonly endpoint: string;
    /** What makes the AWS SDK, and the engine's S3 backend, talk to it. */
    readonly env: Readonly<Record<string, string>>;
    /** The secret's value by the AWS SDK. */
    readonly read: (secretId: string) => Promise<string | undefined>;
    readonly create: (secretId: string, value: string) => Promise<void>;
    readonly change: (secretId: string, value: string) => Promise<void>;
}

/** The part of the AWS SDK that is used here, which isn't among the root's packages. */
interface SecretsManagerSdk {
    SecretsManagerClient: new (
        options: object,
    ) => {
        send(command: object): Promise<{ SecretString?: string }>;
        destroy(): void;
    };
    GetSecretValueCommand: new (input: { SecretId: string }) => object;
    CreateSecretCommand: new (input: { Name: string; SecretString: string }) => object;
    PutSecretValueCommand: new (input: { SecretId: string; SecretString: string }) => object;
}

/** AWS as played by moto, until the test ends. */
export async function startAws(): Promise<Aws> {
    const log = () => undefined;
    const moto = await installMoto({ log });
    const started = await startProgram(
        moto.command,
        [...moto.args, "-H", "127.0.0.1", "-p", "0"],
        /Running on (http:\/\/127\.0\.0\.1:\d+)/,
        { end: "SIGINT" },
    );
    const endpoint = started.match[1] as string;
    const env = {
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_EC2_METADATA_DISABLED: "true",
    };
    const require = createRequire(join(await installExamplePackages({ log }), "x.js"));
    const sdk: SecretsManagerSdk = require("@aws-sdk/client-secrets-manager");
    const { GetSecretValueCommand, CreateSecretCommand, PutSecretValueCommand } = sdk;
    const send = async (command: object) => {
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const client = new sdk.SecretsManagerClient({ endpoint, region: "us-east-1", credentials });
        try {
            return await client.send(command);
        } finally {
            client.destroy();
        }
    };
    return {
        endpoint,
        env,
        read: async (SecretId) => (await send(new GetSecretValueCommand({ SecretId }))).SecretString,
        create: async (Name, SecretString) => void (await send(new CreateSecretCommand({ Name, SecretString }))),
        change: async (SecretId, SecretString) =>
            void (await send(new PutSecretValueCommand({ SecretId, SecretString }))),
    };
}
