import * as v from "valibot";
import { isSecret } from "../../probe/secret";
import { isSafeForSecrets } from "../../probe/url";
import { DeliveryCheckError } from "../errors";
import type { Proofs } from "./proofs";

/** What a check of deliveries is told. */
export interface DeliveryCheckInputs {
    /** The receivers' URLs. */
    readonly urls: readonly string[];
    /** The secrets that each of them must accept. */
    readonly secrets: readonly string[];
    readonly waitSeconds: number;
    readonly steadySeconds: number;
    readonly instances: number | undefined;
}

/** In a rotation one good answer proves one instance, so answers have to be right for a while. */
export const defaultSteadySeconds = 60;
/** Long enough for a usual deployment to become ready. */
export const defaultWaitSeconds = 300;

const count = (max: number) => v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(max)));
const url = v.pipe(
    v.string(),
    v.check((text) => isSafeForSecrets(text)),
);

/** What users give, of any shape. Its issues name a property, and never what it was set to. */
export const deliveryCheckSchema = v.object({
    url: v.union([url, v.pipe(v.array(url), v.minLength(1))]),
    secrets: v.pipe(
        v.array(
            v.pipe(
                v.string(),
                v.check((text) => isSecret(text)),
            ),
        ),
        v.minLength(1),
    ),
    waitSeconds: count(86_400),
    steadySeconds: count(3_600),
    instances: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000))),
    triggers: v.nullish(v.record(v.string(), v.unknown())),
});

/**
 * Sends harmless test deliveries until receivers accept each secret and reject a wrong one. The API is not called.
 *
 * @throws DeliveryCheckError where that is not so in time, or the run is cancelled before; its message says what was
 * seen, and shows no secret
 */
export async function checkDeliveries(
    { urls, secrets, waitSeconds, steadySeconds, instances }: DeliveryCheckInputs,
    proofs: Proofs,
    notify: (line: string) => void,
    signal?: AbortSignal,
): Promise<void> {
    // Loaded only where it is needed: most runs check nothing.
    // biome-ignore lint/style/noRestrictedImports: a dynamic import goes by the rules of ES modules: it has the ending.
    const { describe, probe } = await import("../../probe/index.js");
    let told = false;
    const result = await probe({
        targets: urls.map((target) => ({ url: target, secrets })),
        // The time to become right, and then that to stay so.
        waitSeconds: waitSeconds + steadySeconds,
        steadySeconds,
        ...(instances === undefined ? {} : { instances }),
        ...(signal === undefined ? {} : { signal }),
        onRound: () => {
            if (!told) notify(`waits up to ${waitSeconds} s for the receivers to accept each secret`);
            told = true;
        },
    }).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
        throw new DeliveryCheckError("The run was cancelled before the receivers were seen to accept each secret.");
    });
    if (!result.ok) {
        throw new DeliveryCheckError(
            `${describe(result)} Nothing is deleted in this run: webhooks that were to be dropped or replaced stay until a run in ` +
                "which this check passes. Run `pulumi up` again when the receivers are ready.",
        );
    }
    for (const secret of secrets) proofs.add(secret);
}
