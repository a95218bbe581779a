import * as v from "valibot";
import { EmulatorError } from "../errors";
import { nearest } from "./nearest";

/** An issue of the schema library with the place that it is about, which its message alone leaves out. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
    const path = v.getDotPath(issue);
    const place = path === null ? "" : `${path}: `;
    if (issue.expected === null) return `${place}${issue.message}.`;
    return `${place}expected ${issue.expected.replace(/^\((.*)\)$/, "$1")}, received ${issue.received}.`;
}

/** What somebody named doesn't exist: with the name that was probably meant, or else all names. */
export function unknownName(what: string, name: string, names: readonly string[]): EmulatorError {
    const near = nearest(name, names);
    const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean "${near}"?`;
    return new EmulatorError(`There is no ${what} "${name}". ${hint}`);
}
