import type * as dynamic from "@pulumi/pulumi/dynamic";
import { type DeliveryCheckResource, DeliveryChecks } from "../delivery-checks";
import { CaptionsError } from "../errors";
import type { Proofs } from "../lifecycle/proofs";
import { withMarkers, withoutMarkers } from "../markers";
import { unexpected } from "../session";
import { HostError } from "./host-error";
import { isHostInput, resourceIn } from "./host-inputs";

type Properties = Readonly<Record<string, unknown>>;

/** What the dynamic provider host runs for a `DeliveryCheck`. */
export function deliveryCheckProvider(
    proofs: Proofs,
    notify: (line: string) => void,
    signal: AbortSignal,
): dynamic.ResourceProvider {
    const checks = new DeliveryChecks(proofs, notify, signal);
    return {
        check: (_olds: Properties, news: Properties) =>
            step("checking", news, async () => {
                const { inputs, failures } = checks.check(resource(news), own(news));
                const marked = withMarkers(inputs) as Properties;
                // A failure that names a property makes the engine print its value.
                return {
                    inputs: { ...news, ...marked },
                    failures: failures.map((reason) => ({ property: "", reason })),
                };
            }),
        diff: (_id: string, olds: Properties, news: Properties) =>
            step("comparing", news, async () => ({ changes: checks.diff(own(olds), own(news)).length > 0 })),
        create: (news: Properties) =>
            step("running", news, async () => ({ id: resource(news).owner, outs: await run(news) })),
        update: (_id: string, olds: Properties, news: Properties) =>
            step("running", news, async () => ({ outs: await run(news, own(olds)) })),
        read: async (id: string, props: Properties) => ({ id, props: { ...props } }),
        delete: async () => undefined,
    };

    async function run(news: Properties, olds?: Properties): Promise<Record<string, unknown>> {
        return { ...news, ...(await checks.run(resource(news), own(news), olds)) };
    }
}

function own(properties: Properties): Properties {
    const given = Object.entries(properties).filter(([name]) => !isHostInput(name));
    return withoutMarkers(Object.fromEntries(given)) as Properties;
}

function resource(properties: Properties): DeliveryCheckResource {
    const { owner = "", name = "" } = resourceIn(properties) ?? {};
    return { owner, name };
}

async function step<T>(what: string, properties: Properties, work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        const { name, message } = error instanceof CaptionsError ? error : unexpected(error);
        throw new HostError(
            name,
            `DeliveryCheck "${resource(properties).name}": ${message}`,
            `${what} a DeliveryCheck`,
        );
    }
}
