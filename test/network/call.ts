// One call of the client in a process of its own; writes what came of it as JSON, and ends when nothing is open any
// more.
import { inspect } from "node:util";
import { CaptionsClient } from "../../provider/api/client";

async function main(): Promise<void> {
    const { apiKey, baseUrl, limits, names } = JSON.parse(process.env.CALL ?? "{}");
    const notices: string[] = [];
    const notify = (line: string) => void notices.push(line);
    const outcome = await Promise.resolve()
        .then(() => new CaptionsClient({ apiKey, baseUrl, limits, names, notify }).events())
        .then(
            (events) => ({ events, shown: "" }),
            (error: Error & { meaning?: string }) => ({
                name: error.name,
                message: error.message,
                meaning: error.meaning,
                shown: inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
            }),
        );
    process.stdout.write(JSON.stringify({ ...outcome, notices }));
}

void main();
