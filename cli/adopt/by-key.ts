/** Compares by a text, in an order that is the same on every machine. */
export function byKey<T>(key: (value: T) => string): (one: T, other: T) => number {
    return (one, other) => {
        const [left, right] = [key(one), key(other)];
        return left === right ? 0 : Number(left > right) * 2 - 1;
    };
}
