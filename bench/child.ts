import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/**
 * A program of `bench/children` in a process of its own, in plain Node: a loader that compiles TypeScript would slow
 * down what it runs. It sends one message when it is ready, and one in answer to each that it gets.
 */
export class Child<Ready> {
    private constructor(
        private readonly process: ChildProcess,
        /** What it said when it was ready. */
        readonly ready: Ready,
    ) {}

    static async start<Ready>(program: string, ...args: readonly string[]): Promise<Child<Ready>> {
        const path = join(__dirname, "children", program);
        const process = fork(path, args, { execArgv: ["--expose-gc"] });
        return new Child(process, await answerOf<Ready>(process));
    }

    async ask<Answer>(question: unknown): Promise<Answer> {
        const answer = answerOf<Answer>(this.process);
        this.process.send(question as object);
        return await answer;
    }

    async end(): Promise<void> {
        const ended = once(this.process, "exit");
        this.process.kill();
        await ended;
    }
}

async function answerOf<Answer>(process: ChildProcess): Promise<Answer> {
    const ended = new AbortController();
    const fail = (): void =>
        ended.abort(new Error(`A process of the measurement ended: ${process.spawnargs.join(" ")}`));
    process.once("exit", fail);
    try {
        const [answer] = await once(process, "message", { signal: ended.signal });
        return answer as Answer;
    } finally {
        process.off("exit", fail);
    }
}
