// The plugin `pulumi-resource-captionsnull`: what a native provider in Node.js costs that does nothing. Its resource
// has the same inputs and outputs as this package's, and there is no API.
import { randomBytes } from "node:crypto";
import { type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
    type CheckRequest,
    CheckResponse,
    ConfigureResponse,
    type CreateRequest,
    CreateResponse,
    type DiffRequest,
    DiffResponse,
    type ReadRequest,
    ReadResponse,
    type UpdateRequest,
    UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

// From pulumi/pulumi, sdk/go/common/resource/sig/sig.go.
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function serve<Request, Response>(answer: (request: Request) => Response): handleUnaryCall<Request, Response> {
    return ({ request }, respond) => respond(null, answer(request));
}

function properties(struct: Struct | undefined): Readonly<Record<string, JavaScriptValue>> {
    return struct?.toJavaScript() ?? {};
}

function made(news: Struct | undefined, secretVersion: number): Struct {
    return Struct.fromJavaScript({
        ...properties(news),
        secret: { [signature]: secretSignature, value: `whsec_${randomBytes(32).toString("base64url")}` },
        secretVersion,
        changedAt: new Date().toISOString(),
    });
}

function difference(request: DiffRequest): DiffResponse {
    const [olds, news] = [properties(request.getOlds()), properties(request.getNews())];
    const changed = Object.keys(news).filter((name) => JSON.stringify(olds[name]) !== JSON.stringify(news[name]));
    const { DIFF_SOME, DIFF_NONE } = DiffResponse.DiffChanges;
    return new DiffResponse().setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE).setDiffsList(changed);
}

const server = new Server();
server.addService(ResourceProviderService, {
    getPluginInfo: serve(() => new PluginInfo().setVersion("0.0.1")),
    checkConfig: serve((request: CheckRequest) => new CheckResponse().setInputs(request.getNews())),
    diffConfig: serve(() => new DiffResponse().setChanges(DiffResponse.DiffChanges.DIFF_NONE)),
    configure: serve(() => new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true)),
    check: serve((request: CheckRequest) => new CheckResponse().setInputs(request.getNews())),
    diff: serve(difference),
    create: serve((request: CreateRequest) => {
        const id = request.getPreview() ? "" : `wh_${randomBytes(12).toString("base64url")}`;
        return new CreateResponse().setId(id).setProperties(made(request.getProperties(), 1));
    }),
    read: serve((request: ReadRequest) =>
        new ReadResponse().setId(request.getId()).setProperties(request.getProperties()).setInputs(request.getInputs()),
    ),
    update: serve((request: UpdateRequest) => {
        const { secretVersion } = properties(request.getOlds());
        return new UpdateResponse().setProperties(made(request.getNews(), Number(secretVersion) + 1));
    }),
    delete: serve(() => new Empty()),
    cancel: serve(() => new Empty()),
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    console.log(String(port));
});
// At once: the engine waits for the process to end.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
