import type { DeliveryChecks } from "../delivery-checks";
import { unknown } from "../lifecycle";
import { differences } from "./diff";
import type { ResourceHandler } from "./handlers";
import { nameOf } from "./urn";
import { type Properties, plainProperties, type Wire, wiredLike } from "./values";

/** Delivery checks. Neither their inputs nor their outputs have a secret in the state: only the versions of secrets. */
export function deliveryCheckHandler(checks: DeliveryChecks): ResourceHandler {
    const resource = (urn: string) => ({ owner: urn, name: nameOf(urn) });
    return {
        async check({ urn, news }) {
            const { inputs, failures } = checks.check(resource(urn), own(news));
            const { secrets, ...others } = news;
            return { inputs: { ...others, ...wiredLike({ secrets: inputs.secrets }, []) }, failures };
        },

        async diff({ olds, news }) {
            const [before, wanted] = [own(olds), own(news)];
            return checks.diff(before, wanted).flatMap((name) => differences(name, before[name], wanted[name]));
        },

        async create({ urn, news, isPreview }) {
            if (isPreview) return { id: "", outputs: wiredLike({ ...own(news), provenAt: unknown }, [], news) };
            return { id: urn, outputs: wiredLike(await checks.run(resource(urn), own(news), undefined), [], news) };
        },

        async read({ olds, oldInputs }) {
            return { outputs: olds, inputs: oldInputs };
        },

        async update({ urn, olds, news, isPreview }) {
            if (isPreview) return wiredLike({ ...own(news), provenAt: unknown }, [], news);
            return wiredLike(await checks.run(resource(urn), own(news), own(olds)), [], news);
        },

        async remove() {
            // There is nothing to delete.
        },
    };
}

/** Without what a state of the dynamic front has besides. */
function own(wire: Wire): Properties {
    const given = Object.entries(plainProperties(wire)).filter(([name]) => !name.startsWith("__"));
    return Object.fromEntries(given);
}
