import { beforeAll } from "vitest";

/** Notes what is to be done in the end, the last one first: `onTestFinished` for what belongs to one test. */
export type AtEnd = (work: () => void | Promise<void>) => void;

/**
 * What the tests of a file or a `describe` share: made before the first of them, whichever that is, and ended after the
 * last one.
 *
 * @returns a function that hands it out, in tests only
 */
export function shared<T>(make: (atEnd: AtEnd) => Promise<T>): () => T {
    let made: { readonly value: T } | undefined;
    beforeAll(async () => {
        const works: (() => void | Promise<void>)[] = [];
        const end = async (): Promise<void> => {
            for (const work of works.reverse()) await work();
        };
        try {
            made = { value: await make((work) => works.push(work)) };
        } catch (error) {
            await end();
            throw error;
        }
        return end;
    });
    return () => {
        if (made === undefined) throw new Error("What tests share is there only in them.");
        return made.value;
    };
}
