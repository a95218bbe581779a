const {
    CreateSecretCommand,
    DeleteSecretCommand,
    PutSecretValueCommand,
    SecretsManagerClient,
} = require("@aws-sdk/client-secrets-manager");

async function send(command) {
    const client = new SecretsManagerClient();
    try {
        return await client.send(command);
    } finally {
        client.destroy();
    }
}

module.exports = {
    async create({ secretId, secretString }) {
        await send(new CreateSecretCommand({ Name: secretId, SecretString: secretString }));
        return { id: secretId, outs: { secretId, secretString } };
    },
    async diff(_id, olds, news) {
        return { changes: olds.secretString !== news.secretString };
    },
    async update(_id, _olds, { secretId, secretString }) {
        await send(new PutSecretValueCommand({ SecretId: secretId, SecretString: secretString }));
        return { outs: { secretId, secretString } };
    },
    async delete(secretId) {
        await send(new DeleteSecretCommand({ SecretId: secretId, ForceDeleteWithoutRecovery: true }));
    },
};
