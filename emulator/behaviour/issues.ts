import * as v from "valibot";
import { EmulatorError } from "../errors";
import { nearest } from "./nearest";

/**
 * An issue of the schema library with the place that it is about, which its message alone leaves out.
 *
 * @param given what is said of the value; "" where it may be a secret at the wrong place
 */
export function describeIssue(issue: v.BaseIssue<unknown>, given = `, received ${issue.received}`): string {
    const path = v.getDotPath(issue);
    const place = path === null ? "" : `${path}: `;
    // A property that an object lacks: what is expected is its name then.
    if (path !== null && issue.type.endsWith("object") && issue.received === "undefined") return `${place}is required.`;
    if (issue.expected === "never") return `${place}is unknown.`;
    if (issue.expected === null) return `${place}${issue.message}.`;
    return `${place}expected ${issue.expected.replace(/^\((.*)\)$/, "$1")}${given}.`;
}

/** @throws {EmulatorError} for a name that doesn't exist, as misspelt ones would be without effect */
export function checkNames(what: string, given: object, names: readonly string[]): void {
    const stray = Object.entries(given).find(([name, value]) => !names.includes(name) && value !== undefined);
    if (stray !== undefined) throw unknownName(what, stray[0], names);
}

/** What somebody named doesn't exist: with the name that was probably meant, or else all names. */
export function unknownName(what: string, name: string, names: readonly string[]): EmulatorError {
    const near = nearest(name, names);
    const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean "${near}"?`;
    return new EmulatorError(`There is no ${what} "${name}". ${hint}`);
}
