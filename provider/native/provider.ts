import {
    type handleUnaryCall,
    Metadata,
    type ServiceError,
    status,
    type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import {
    CheckFailure,
    type CheckRequest,
    CheckResponse,
    type ConfigureRequest,
    ConfigureResponse,
    type ConstructRequest,
    type ConstructResponse,
    type CreateRequest,
    CreateResponse,
    type DeleteRequest,
    type DiffRequest,
    DiffResponse,
    ErrorResourceInitFailed,
    GetSchemaResponse,
    type InvokeRequest,
    InvokeResponse,
    PropertyDiff,
    type ReadRequest,
    ReadResponse,
    type UpdateRequest,
    UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Cancellation } from "../cancellation";
import { DeliveryChecks } from "../delivery-checks";
import { CaptionsError } from "../errors";
import { rotatingType } from "../generations";
import { Proofs } from "../lifecycle";
import { Session, unexpected } from "../session";
import { accountsOf, configurationFailures, isOtherThanDynamic, otherAccount } from "./configuration";
import { deliveryCheckHandler } from "./delivery-check";
import { differences } from "./diff";
import type { EngineLog } from "./engine-log";
import { type Functions, functionsOf } from "./functions";
import { type PropertyDifference, type ResourceHandler, SavedFailure } from "./handlers";
import { constructRotatingWebhook } from "./rotating-webhook";
import schema from "./schema.json";
import { nameOf } from "./urn";
import { type Properties, plain, plainProperties, structOf, wiredLike, wireOf } from "./values";
import { webhookHandler } from "./webhook";

/**
 * Marks a provider that the engine has made for the stack: of one that a resource comes from it tells no more than its
 * inputs. In users' states, so its name stays.
 */
const defaultInput = "__default";

/** What the plugin is once the engine has told it its configuration. */
interface Running {
    readonly handlers: Readonly<Record<string, ResourceHandler>>;
    readonly functions: Functions;
    readonly session: Session;
    /** Who this provider is to the engine, where it says so. */
    readonly reference: string | undefined;
}

/** A request of the engine's that is about one resource. */
interface ResourceRequest {
    getUrn(): string;
    getType(): string;
}

/**
 * The plugin as a gRPC service (pulumi/pulumi, proto/pulumi/provider.proto). It only translates between the engine and
 * a {@link Session}.
 */
export class Plugin {
    readonly #log: EngineLog;
    readonly #cancellation = new Cancellation();
    readonly #onIdle: () => void;
    #running: Running | undefined;
    /**
     * The stack's configuration for the dynamic provider, once the engine asks about a resource that comes from there.
     */
    #dynamic: Properties | undefined;
    #underWay = 0;

    /**
     * @param onIdle called once nothing is under way after {@link cancel}
     */
    constructor(log: EngineLog, onIdle: () => void) {
        this.#log = log;
        this.#onIdle = onIdle;
    }

    /** Ends the run: what is under way comes to its end, and nothing more is sent. */
    cancel(): void {
        this.#cancellation.cancel();
        if (this.#underWay === 0) this.#onIdle();
    }

    get service(): UntypedServiceImplementation {
        return {
            getPluginInfo: this.#serve(async () => new PluginInfo().setVersion(schema.version)),
            getSchema: this.#serve(async () => new GetSchemaResponse().setSchema(JSON.stringify(schema))),
            checkConfig: this.#serve(this.#checkConfig),
            diffConfig: this.#serve(this.#diffConfig),
            configure: this.#serve(this.#configure),
            check: this.#serve(this.#check),
            diff: this.#serve(this.#diff),
            create: this.#serve(this.#create),
            read: this.#serve(this.#read),
            update: this.#serve(this.#update),
            delete: this.#serve(this.#delete),
            invoke: this.#serve(this.#invoke),
            construct: this.#serve(this.#construct),
            cancel: this.#serve(async () => {
                this.#cancellation.cancel();
                return new Empty();
            }),
        };
    }

    readonly #checkConfig = async (request: CheckRequest): Promise<CheckResponse> => {
        const news = wireOf(request.getNews());
        const failures = configurationFailures(plainProperties(news));
        // Also a key that the program or the stack's configuration has in clear is encrypted in the state.
        const apiKey = wiredLike({ apiKey: plain(news.apiKey ?? undefined) }, ["apiKey"]);
        const inputs = { ...news, ...apiKey, [defaultInput]: isDefault(request.getUrn()) || undefined };
        return new CheckResponse().setInputs(structOf(inputs)).setFailuresList(failures.map(failure));
    };

    /**
     * A provider's settings are no part of its webhooks: a change of them replaces nothing. Once this provider is
     * configured, the engine asks about a resource that comes from another one: then they say whether that is another
     * account. Default providers are the stack's: they differ by the version of this package.
     */
    readonly #diffConfig = async (request: DiffRequest): Promise<DiffResponse> => {
        const [before = {}, now = {}] = [request.getOldInputs() ?? request.getOlds(), request.getNews()].map((struct) =>
            plainProperties(wireOf(struct)),
        );
        // It has several accounts: each webhook tells which one is its own, and stays what it is.
        const isFromDynamic = Object.keys(before).some((name) => name.includes(":"));
        if (isFromDynamic) this.#dynamic = before;
        const isStacks = isDefault(request.getUrn()) && before[defaultInput] === true;
        const isMove = this.#running !== undefined && !isFromDynamic && !isStacks;
        const reasons = isMove ? otherAccount(before, now) : [];
        if (reasons.length > 0) this.#running?.session.noteMoves();
        const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
            (name) => name !== defaultInput,
        );
        return difference(names.flatMap((name) => differences(name, before[name], now[name]))).setReplacesList(reasons);
    };

    readonly #configure = async (request: ConfigureRequest): Promise<ConfigureResponse> => {
        const { notify } = this.#log;
        const { signal } = this.#cancellation;
        const settings = plainProperties(wireOf(request.getArgs()));
        const accounts = accountsOf(settings, notify, signal);
        const proofs = new Proofs();
        const session = new Session(accounts, notify, proofs);
        this.#running = {
            handlers: {
                "captions:index:Webhook": webhookHandler(session, {
                    isDefault: isDefault(request.getUrn() ?? ""),
                    isOtherThanDynamic: (account) =>
                        this.#dynamic !== undefined && isOtherThanDynamic(this.#dynamic, account, settings),
                }),
                "captions:index:DeliveryCheck": deliveryCheckHandler(new DeliveryChecks(proofs, notify, signal)),
            },
            functions: functionsOf(session, accounts),
            session,
            reference: request.hasUrn() && request.hasId() ? `${request.getUrn()}::${request.getId()}` : undefined,
        };
        return new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    };

    readonly #check = async (request: CheckRequest): Promise<CheckResponse> => {
        const { inputs, failures } = await this.#handler(request).check({
            urn: request.getUrn(),
            olds: wireOf(request.getOlds()),
            news: wireOf(request.getNews()),
        });
        return new CheckResponse().setInputs(structOf(inputs)).setFailuresList(failures.map(failure));
    };

    readonly #diff = async (request: DiffRequest): Promise<DiffResponse> => {
        const found = await this.#handler(request).diff({
            urn: request.getUrn(),
            id: request.getId(),
            olds: wireOf(request.getOlds()),
            oldInputs: wireOf(request.getOldInputs()),
            news: wireOf(request.getNews()),
        });
        return difference(found);
    };

    readonly #create = async (request: CreateRequest): Promise<CreateResponse> => {
        const { id, outputs } = await this.#handler(request).create({
            urn: request.getUrn(),
            news: wireOf(request.getProperties()),
            isPreview: request.getPreview(),
        });
        return new CreateResponse().setId(id).setProperties(structOf(outputs));
    };

    readonly #read = async (request: ReadRequest): Promise<ReadResponse> => {
        const result = await this.#handler(request).read({
            urn: request.getUrn(),
            id: request.getId(),
            olds: wireOf(request.getProperties()),
            oldInputs: wireOf(request.getInputs()),
        });
        // Without an id the resource is gone.
        if (result === undefined) return new ReadResponse();
        const { outputs, inputs } = result;
        return new ReadResponse().setId(request.getId()).setProperties(structOf(outputs)).setInputs(structOf(inputs));
    };

    readonly #update = async (request: UpdateRequest): Promise<UpdateResponse> => {
        const outputs = await this.#handler(request).update({
            urn: request.getUrn(),
            id: request.getId(),
            olds: wireOf(request.getOlds()),
            news: wireOf(request.getNews()),
            isPreview: request.getPreview(),
        });
        return new UpdateResponse().setProperties(structOf(outputs));
    };

    readonly #delete = async (request: DeleteRequest): Promise<Empty> => {
        await this.#handler(request).remove({
            urn: request.getUrn(),
            id: request.getId(),
            olds: wireOf(request.getProperties()),
            oldInputs: wireOf(request.getOldInputs()),
        });
        return new Empty();
    };

    readonly #invoke = async (request: InvokeRequest): Promise<InvokeResponse> => {
        const run = this.#configured().functions[request.getTok()];
        if (run === undefined) throw new CaptionsError(`There is no function ${request.getTok()}.`);
        return new InvokeResponse().setReturn(structOf(await run(wireOf(request.getArgs()))));
    };

    readonly #construct = async (request: ConstructRequest): Promise<ConstructResponse> => {
        if (request.getType() !== rotatingType) throw new CaptionsError(`There is no component ${request.getType()}.`);
        return await constructRotatingWebhook(request, this.#configured().reference);
    };

    #configured(): Running {
        if (this.#running !== undefined) return this.#running;
        throw new CaptionsError("The provider was called before it was configured.");
    }

    #handler(request: ResourceRequest): ResourceHandler {
        // Older engines tell the type only as the last one of those in the URN.
        const type = request.getType() || (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "");
        const handler = this.#configured().handlers[type];
        if (handler !== undefined) return handler;
        throw new CaptionsError(`There is no resource ${type}.`);
    }

    /** Serves one kind of request, and has only errors go out that may be shown. */
    #serve<Request, Response>(answer: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> {
        return ({ request }, respond) => {
            this.#underWay++;
            answer(request)
                .finally(() => this.#log.settled())
                .then(
                    (response) => respond(null, response),
                    (error: unknown) => respond(serviceError(error)),
                )
                .finally(() => {
                    this.#underWay--;
                    if (this.#underWay === 0 && this.#cancellation.signal.aborted) this.#onIdle();
                });
        };
    }
}

/** Whether a provider is one that the engine has made for the stack; its version is in its name, too. */
function isDefault(urn: string): boolean {
    return /^default(_|$)/.test(nameOf(urn));
}

function failure(reason: string): CheckFailure {
    // A failure that names a property makes the engine print its value, which may contain a credential.
    return new CheckFailure().setProperty("").setReason(reason);
}

const kinds = { add: PropertyDiff.Kind.ADD, delete: PropertyDiff.Kind.DELETE, update: PropertyDiff.Kind.UPDATE };

function difference(found: readonly PropertyDifference[]): DiffResponse {
    const { DIFF_SOME, DIFF_NONE } = DiffResponse.DiffChanges;
    const response = new DiffResponse()
        .setChanges(found.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList([...new Set(found.map(({ path }) => path.split(/[.[]/)[0] ?? path))])
        .setHasdetaileddiff(true);
    for (const { path, kind } of found) {
        response.getDetaileddiffMap().set(path, new PropertyDiff().setKind(kinds[kind]).setInputdiff(false));
    }
    return response;
}

/** An error as the engine shows it; a half-made resource is saved with it. */
function serviceError(error: unknown): Partial<ServiceError> {
    const known = error instanceof CaptionsError || isOfEngine(error);
    const { message } = known ? (error as Error) : unexpected(error);
    const metadata = new Metadata();
    if (error instanceof SavedFailure) {
        const detail = new ErrorResourceInitFailed()
            .setId(error.id)
            .setProperties(structOf(error.outputs))
            .setReasonsList([message]);
        const any = new Any();
        any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
        // Where gRPC looks for what an error says in detail.
        const all = new Status().setCode(status.UNKNOWN).setMessage(message).setDetailsList([any]);
        metadata.add("grpc-status-details-bin", Buffer.from(all.serializeBinary()));
    }
    return { code: status.UNKNOWN, details: message, message, metadata };
}

/** What the engine itself has answered, to the registration of a generation. */
function isOfEngine(error: unknown): boolean {
    return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
