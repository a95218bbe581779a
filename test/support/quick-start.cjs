// Preloaded into the Node.js processes of an engine. Pulumi's SDK (3.270) loads a TypeScript compiler of 9 MB at each
// start, twice a run, to serialize closures and to run programs in TypeScript: a quarter of what a run takes. The tests'
// programs are in JavaScript, and nothing of this package is serialized, so it is loaded only if something asks for it.
// The tests of examples, documents, packages and versions start without this file.
const Module = require("node:module");

// What the option `typescript: false` of Pulumi.yaml is for; Pulumi's language host of the tests (3.68) ignores it.
delete process.env.PULUMI_NODEJS_TYPESCRIPT;

const load = Module._load;
Module._load = function (request, ...rest) {
    const now = () => load.call(this, request, ...rest);
    return request === "typescript" || request.endsWith("/typescript-shim") ? late(now) : now();
};

/** A module that is loaded when something of it is used. */
function late(loadNow) {
    let loaded;
    const module = () => {
        loaded ??= loadNow();
        return loaded;
    };
    return new Proxy(
        {},
        {
            get: (_, name) => module()[name],
            has: (_, name) => name in module(),
            ownKeys: () => Reflect.ownKeys(module()),
            getOwnPropertyDescriptor: (_, name) => {
                const property = Object.getOwnPropertyDescriptor(module(), name);
                return property && { ...property, configurable: true };
            },
        },
    );
}
