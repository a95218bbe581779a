// Preloaded into the Node.js processes of an engine. Pulumi's SDK (3.270) loads at each start, twice a run, what the
// tests' programs never use, and that is most of what a run takes: a TypeScript compiler and npm's readers of packages
// (to serialize closures, and to run programs in TypeScript), its Automation API, tracing, source maps, readers of YAML
// and of versions. Hardly a test needs any of it, so all that is loaded only if something asks for it. The tests of
// packages and versions start without this file.
const Module = require("node:module");

// What the option `typescript: false` of Pulumi.yaml is for; Pulumi's language host of the tests (3.68) ignores it.
delete process.env.PULUMI_NODEJS_TYPESCRIPT;

const seldomUsed = ["typescript", "../../typescript-shim", "@npmcli/arborist", "./automation", "semver", "js-yaml"];
/** Of these the SDK takes single classes and functions when it starts. */
const seldomCalled = ["exporter-zipkin", "instrumentation", "instrumentation-grpc", "resources"]
    .concat(["sdk-trace-base", "sdk-trace-node"])
    .map((name) => `@opentelemetry/${name}`);

const load = Module._load;
Module._load = function (request, ...rest) {
    const now = once(() => load.call(this, request, ...rest));
    if (request === "source-map-support/register") return {};
    if (request === "normalize-package-data") return lateFunction(now);
    if (seldomUsed.includes(request)) return late(now);
    if (seldomCalled.includes(request)) return new Proxy({}, { get: (_, name) => lateFunction(() => now()[name]) });
    return now();
};

function once(get) {
    let got;
    return () => {
        got ??= { value: get() };
        return got.value;
    };
}

/** A module that is loaded when something of it is used. */
function late(module) {
    return new Proxy(
        {},
        {
            // What a TypeScript import asks before anything is used.
            get: (_, name) => (name === "__esModule" ? true : module()[name]),
            has: (_, name) => name in module(),
            ownKeys: () => Reflect.ownKeys(module()),
            getOwnPropertyDescriptor: (_, name) => {
                const property = Object.getOwnPropertyDescriptor(module(), name);
                return property && { ...property, configurable: true };
            },
        },
    );
}

/** A class or function that is loaded when it is called. */
function lateFunction(value) {
    return new Proxy(class {}, {
        construct: (_, args) => Reflect.construct(value(), args),
        apply: (_, self, args) => Reflect.apply(value(), self, args),
    });
}
