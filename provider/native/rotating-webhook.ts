import { credentials } from "@grpc/grpc-js";
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import { type ConstructRequest, ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { CaptionsError } from "../errors";
import {
    type RotationTimes,
    rotatingInputs,
    rotatingType,
    rotationOf,
    sharedInputs,
    unknownProperty,
    withGeneration,
} from "../generations";
import { hasUnknown, isUnknown, unknown } from "../lifecycle";
import { withoutProxy } from "./engine-log";
import { hasSecret, type Properties, plain, plainProperties, structOf, type Wire, wired, wireOf } from "./values";
import { generationInput } from "./webhook";

const webhookType = "captions:index:Webhook";
/** The type that a generation has in a state of the dynamic front. */
const dynamicWebhookType = "pulumi-nodejs:dynamic/captions:Webhook";

/**
 * Registers a rotating webhook with its generations at the engine, as the dynamic front's class does in the program.
 *
 * @param provider who this process is to the engine: the generations are served by it, too
 */
export async function constructRotatingWebhook(
    request: ConstructRequest,
    provider: string | undefined,
): Promise<ConstructResponse> {
    const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), credentials.createInsecure(), withoutProxy);
    try {
        return await new Construction(monitor, request, provider).run();
    } finally {
        monitor.close();
    }
}

interface Child {
    readonly urn: string;
    readonly id: unknown;
    readonly secret: unknown;
}

class Construction {
    readonly #inputs: Wire;
    readonly #name: string;

    constructor(
        readonly monitor: ResourceMonitorClient,
        readonly request: ConstructRequest,
        readonly provider: string | undefined,
    ) {
        this.#inputs = wireOf(request.getInputs());
        this.#name = request.getName();
    }

    async run(): Promise<ConstructResponse> {
        const { generations, schedule, distinctUrls, dropAtOnce, adopt } = plainProperties(this.#inputs);
        const adopting = typeof adopt === "object" && adopt !== null ? (adopt as Wire) : {};
        const rotation =
            unknownProperty(this.#inputs, rotatingInputs) ??
            mistyped({ distinctUrls, dropAtOnce, adopt }) ??
            unknownIn({ generations, schedule }) ??
            rotationOf({ generations, schedule }, Object.keys(adopting));
        if (typeof rotation === "string") throw new CaptionsError(`RotatingWebhook "${this.#name}": ${rotation}`);
        const { names, times } = rotation;
        const urn = (await this.#register(this.#component())).getUrn();

        // The oldest comes first, and each is told the ids of those before it: so a new one knows which webhooks on
        // this URL are its siblings', and passes over no other.
        const children: Child[] = [];
        for (const [index, generation] of [...names].reverse().entries()) {
            const inputs: Record<string, unknown> = Object.fromEntries(
                sharedInputs.map((name) => [name, this.#inputs[name]]),
            );
            if (distinctUrls === true) inputs.url = distinct(inputs.url, generation);
            inputs.adopt = wired(adopting[generation], false);
            const isNewest = generation === names[0];
            inputs[generationInput] = {
                family: urn,
                ids: children.map(({ id }) => wired(id, false)),
                newer: distinctUrls === true ? 0 : names.length - 1 - index,
                isNewest,
                dropAtOnce: dropAtOnce === true,
            };
            const message = this.#generation(urn, generation, inputs, children).setIgnorechangesList(
                isNewest ? [] : ["url", "enabledEvents"],
            );
            const response = await this.#register(message);
            const outputs = plainProperties(wireOf(response.getObject()));
            children.push({
                urn: response.getUrn(),
                id: response.getId() === "" ? unknown : plain(response.getId()),
                secret: outputs.secret ?? unknown,
            });
        }
        return await this.#finish(urn, children.reverse(), times);
    }

    #component(): RegisterResourceRequest {
        const { request } = this;
        return common(request)
            .setType(rotatingType)
            .setName(this.#name)
            .setParent(request.getParent())
            .setCustom(false)
            .setObject(structOf({}))
            .setAliasesList(request.getAliasesList())
            .setDependenciesList(request.getDependenciesList());
    }

    #generation(parent: string, generation: string, inputs: Wire, older: readonly Child[]): RegisterResourceRequest {
        const { request } = this;
        const alias = new Alias().setSpec(new Alias.Spec().setType(dynamicWebhookType));
        const message = common(request)
            .setType(webhookType)
            .setName(`${this.#name}-${generation}`)
            .setParent(parent)
            .setCustom(true)
            .setObject(structOf(inputs))
            .setAliasesList([alias])
            .setDependenciesList([...request.getDependenciesList(), ...older.map(({ urn }) => urn)]);
        const explicit = request.getProvidersMap().get("captions");
        const served = explicit ?? this.provider;
        if (served !== undefined) message.setProvider(served);
        for (const name of sharedInputs) {
            const sources = request.getInputdependenciesMap().get(name)?.getUrnsList() ?? [];
            const dependencies = new RegisterResourceRequest.PropertyDependencies().setUrnsList(sources);
            message.getPropertydependenciesMap().set(name, dependencies);
        }
        return message;
    }

    async #finish(urn: string, newestFirst: readonly Child[], times: RotationTimes): Promise<ConstructResponse> {
        const secrets = newestFirst.map(({ secret }) => secret);
        const outputs: Wire = {
            secret: wired(secrets[0], true),
            secrets: wired(secrets, true),
            ids: wired(
                newestFirst.map(({ id }) => id),
                false,
            ),
            ...times,
        };
        const message = new RegisterResourceOutputsRequest().setUrn(urn).setOutputs(structOf(outputs));
        await new Promise<void>((resolve, reject) => {
            this.monitor.registerResourceOutputs(message, (error) => (error === null ? resolve() : reject(error)));
        });
        // What is missing in the answer is unknown in a preview, and would be shown as a change wherever it is
        // exported.
        const known = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, value ?? null]));
        const response = new ConstructResponse().setUrn(urn).setState(structOf(known));
        for (const name of Object.keys(outputs)) {
            const dependencies = new ConstructResponse.PropertyDependencies();
            dependencies.setUrnsList(newestFirst.map((child) => child.urn));
            response.getStatedependenciesMap().set(name, dependencies);
        }
        return response;
    }

    #register(message: RegisterResourceRequest): Promise<RegisterResourceResponse> {
        return new Promise((resolve, reject) => {
            this.monitor.registerResource(message, (error, response) => {
                if (error === null) resolve(response);
                else reject(error);
            });
        });
    }
}

/** What another type would mean is not what was meant, and nothing would tell. */
function mistyped({ adopt, ...flags }: Properties): string | undefined {
    for (const [name, flag] of Object.entries(flags)) {
        if (flag != null && !isUnknown(flag) && typeof flag !== "boolean") return `${name}: must be true or false`;
    }
    const isRecord = typeof adopt === "object" && !Array.isArray(adopt);
    if (adopt == null || isUnknown(adopt) || isRecord) return undefined;
    return 'adopt: must be an object, like { "<generation>": "<id>" }';
}

/** They decide which resources there are, and so belong in a preview. */
function unknownIn(inputs: Properties): string | undefined {
    const unknownName = Object.keys(inputs).find((name) => hasUnknown(inputs[name]));
    return unknownName === undefined
        ? undefined
        : `${unknownName}: must be known in a preview, and so cannot come from another resource's output`;
}

/** The options of the whole that hold for its parts, too. */
function common(request: ConstructRequest): RegisterResourceRequest {
    const message = new RegisterResourceRequest()
        .setAcceptsecrets(true)
        .setSupportspartialvalues(true)
        .setAliasspecs(true)
        .setDeletedwith(request.getDeletedwith());
    // What is not said is inherited by what the engine knows of the parent.
    if (request.hasProtect()) message.setProtect(request.getProtect() === true);
    if (request.hasRetainondelete()) message.setRetainondelete(request.getRetainondelete() === true);
    const timeouts = request.getCustomtimeouts();
    if (timeouts !== undefined) {
        const all = new RegisterResourceRequest.CustomTimeouts();
        all.setCreate(timeouts.getCreate());
        all.setUpdate(timeouts.getUpdate());
        all.setDelete(timeouts.getDelete());
        message.setCustomtimeouts(all);
    }
    return message;
}

/** The URL of one generation, a secret where the whole's is one. */
function distinct(url: unknown, generation: string): unknown {
    const base = plain(url);
    return wired(isUnknown(base) ? unknown : withGeneration(base as string, generation), hasSecret(url));
}
