import { hasUnknown, isUnknown } from "../provider";

/** What a preview's JSON shows in place of a secret. */
const masked = "[secret]";

/** The key by which the engine marks special values; here only secrets (pulumi/pulumi, sdk/go/common/resource/sig). */
const signature = "4dabf18193072939515e22adb298388d";

/** Whether a value of a preview is a secret, in plain text or not, or contains one at any depth. */
export function hasSecret(value: unknown): boolean {
    if (value === masked) {
        return true;
    }
    if (typeof value !== "object" || value === null) {
        return false;
    }
    return Object.hasOwn(value, signature) || Object.values(value).some(hasSecret);
}

/** Whether a value may be, or contain, a secret that is not known before the deployment. */
export function mayContainNewSecret(value: unknown): boolean {
    return hasUnknown(value) || hasSecret(value);
}

export { hasUnknown, isUnknown };
