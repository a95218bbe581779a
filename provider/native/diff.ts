import { isDeepStrictEqual } from "node:util";
import { isUnknown } from "../lifecycle";
import type { PropertyDifference } from "./handlers";

/** How two values of a property differ: item by item where both are lists, or objects. */
export function differences(path: string, before: unknown, now: unknown): readonly PropertyDifference[] {
    if (before === now || isDeepStrictEqual(before, now)) return [];
    if (before == null) return [{ path, kind: "add" }];
    if (now == null) return [{ path, kind: "delete" }];
    if (isUnknown(now)) return [{ path, kind: "update" }];
    if (Array.isArray(before) && Array.isArray(now)) {
        const length = Math.max(before.length, now.length);
        return Array.from({ length }, (_, index) => differences(`${path}[${index}]`, before[index], now[index])).flat();
    }
    if (isRecord(before) && isRecord(now)) {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
        return keys.flatMap((key) => differences(path + keyed(key), before[key], now[key]));
    }
    return [{ path, kind: "update" }];
}

function keyed(key: string): string {
    return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
