/** Compares by a text, in an order that is the same on every machine. */
export function byKey<T>(key: (value: T) => string): (one: T, other: T) => number {
    return (one, other) => {
        const [left, right] = [key(one), key(other)];
        return left === right ? 0 : Number(left > right) * 2 - 1;
    };
}

/** The values that have the same text, each group in the order of the values. */
export function groupBy<T>(values: readonly T[], key: (value: T) => string): ReadonlyMap<string, readonly T[]> {
    const groups = new Map<string, T[]>();
    for (const value of values) {
        const group = groups.get(key(value));
        if (group === undefined) {
            groups.set(key(value), [value]);
        } else {
            group.push(value);
        }
    }
    return groups;
}
