import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, test, vi } from "vitest";
import { getEvents, getWebhooks } from "../../provider";
import { renders, startAccount } from "../support/account";

afterEach(() => vi.unstubAllEnvs());

async function withKey() {
    const { emulator } = await startAccount();
    emulator.register(renders);
    vi.stubEnv("CAPTIONS_API_KEY", emulator.apiKey);
    vi.stubEnv("CAPTIONS_BASE_URL", emulator.baseUrl);
    return emulator;
}

function outcomeOf<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        // `promise` is how Pulumi's own tests wait for an output.
        const { promise } = output as unknown as { promise: () => Promise<T> };
        promise.call(output).then(resolve, reject);
    });
}

describe("with a key in the environment", () => {
    test("and mocks, a unit test gets what the mocks answer, and nothing is called", async () => {
        const emulator = await withKey();
        const asked: string[] = [];
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
            call: ({ token, inputs }) => {
                asked.push(`${token} ${JSON.stringify(inputs)}`);
                return token.endsWith("getEvents")
                    ? { events: ["mocked"] }
                    : { webhooks: [{ id: "wh_mock", url: "https://mock.example", enabledEvents: [], secret: "mock" }] };
            },
        });
        expect(await outcomeOf(getEvents())).toEqual(["mocked"]);
        expect(await outcomeOf(getWebhooks({ account: "eu" }))).toMatchObject([{ id: "wh_mock", secret: "mock" }]);
        expect(asked).toEqual(["captions:index:getEvents {}", 'captions:index:getWebhooks {"account":"eu"}']);
        expect(emulator.calls).toEqual([]);
    });
});
