import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { unknown } from "../lifecycle";
import { isMarker, withMarkers } from "../markers";

/**
 * Properties as the engine sends them: secrets are wrapped, and what is not known yet is a marker. The protocol is
 * described in pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go.
 */
export type Wire = Readonly<Record<string, unknown>>;

/** Properties as the lifecycle works with them. */
export type Properties = Readonly<Record<string, unknown>>;

// From pulumi/pulumi, sdk/go/common/resource/sig/sig.go.
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** The properties of a message; `{}` where it has none. */
export function wireOf(struct: Struct | undefined): Wire {
    return (struct?.toJavaScript() ?? {}) as Wire;
}

/** For a message: without what is undefined, which has no place in one. */
export function structOf(wire: Wire): Struct {
    const defined = Object.entries(wire).filter(([, value]) => value !== undefined);
    return Struct.fromJavaScript(Object.fromEntries(defined) as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** Without wrappers, and with the lifecycle's sign for what is not known yet. */
export function plain(value: unknown): unknown {
    if (isMarker(value)) return unknown;
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    const wrapped = value as Wire;
    if (wrapped[signature] === secretSignature) return plain(wrapped.value);
    if (wrapped[signature] === outputSignature) return "value" in wrapped ? plain(wrapped.value) : unknown;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

export function plainProperties(wire: Wire): Properties {
    return plain(wire) as Properties;
}

/** The value as the engine takes it, marked as a secret where it is one. */
export function wired(value: unknown, isSecret: boolean): unknown {
    const marked = withMarkers(value);
    return isSecret ? { [signature]: secretSignature, value: marked } : marked;
}

/** Whether a value is a secret, or has one in it. */
export function hasSecret(value: unknown): boolean {
    if (Array.isArray(value)) return value.some(hasSecret);
    if (typeof value !== "object" || value === null) return false;
    const wrapped = value as Wire;
    if (wrapped[signature] === secretSignature) return true;
    if (wrapped[signature] === outputSignature && wrapped.secret === true) return true;
    return Object.values(value).some(hasSecret);
}

/**
 * Values for the engine, each marked as a secret that is one by its name, or that was a secret under this name in what
 * the engine sent.
 */
export function wiredLike(values: object, secretNames: readonly string[], ...sent: readonly Wire[]): Wire {
    return Object.fromEntries(
        Object.entries(values)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => {
                const isSecret = secretNames.includes(name) || sent.some((wire) => hasSecret(wire[name]));
                return [name, wired(value, isSecret)];
            }),
    );
}
