/** The last part of `urn:pulumi:<stack>::<project>::<types>::<name>`: what the program calls the resource. */
export function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}
