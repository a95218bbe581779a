import { readFile } from "node:fs/promises";
import { CommandError, UsageError } from "./errors";
import { type Forecast, foresee } from "./foresee";
import { type Command, exit, type Io } from "./io";
import { parseOptions } from "./options";
import { parsePreview } from "./preview";
import { sentences } from "./sentences";

const help = `Says in plain words which webhooks a deployment would give a new secret, and
which receivers must have it: Markdown, fit for a comment on a pull request.

Usage: pulumi preview --json > preview.json; pulumi-captions plan preview.json
       pulumi preview --json | pulumi-captions plan -

  <file>                what \`pulumi preview --json\` printed; - is stdin
  --fail-on-rotation    exit code 3 where the secret of a webhook that the stack
                        has would, or may, change in place
  --json, --json-out    the result as JSON

With \`--show-sames\` the preview also tells of receivers that the deployment
leaves as they are, and, with \`--refresh\`, of secrets that were changed
elsewhere. Its form of one event a line does not tell what depends on what, and
may have secrets in clear: better not that one.

Exit code: 0 it could be told; 1 it could not, or the preview itself had
           failed; 2 wrong usage; 3 see --fail-on-rotation.`;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values, positionals } = parseOptions(
        argv,
        { "fail-on-rotation": { type: "boolean" }, json: { type: "boolean" }, "json-out": { type: "boolean" } },
        1,
    );
    const [file] = positionals;
    if (file === undefined) throw new UsageError("Which preview? Give its file, or - for standard input.");
    const preview = parsePreview(file === "-" ? await io.input() : await read(file));
    const forecast = foresee(preview);

    io.out(values.json || values["json-out"] ? toJson(forecast) : sentences(forecast));
    if (!forecast.complete) return exit.bad;
    const rotating = forecast.webhooks.filter(({ inPlace, newSecret }) => inPlace && newSecret !== "no");
    if (values["fail-on-rotation"] !== true || rotating.length === 0) return exit.good;
    io.err(
        `A secret would change in place, which --fail-on-rotation forbids: ${rotating.map(({ name }) => name).join(", ")}.`,
    );
    return exit.rotation;
}

async function read(file: string): Promise<string> {
    try {
        return await readFile(file, "utf8");
    } catch (error) {
        throw new CommandError(
            `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown reason"}).`,
        );
    }
}

function toJson({ complete, webhooks, outputs, hidesDrift }: Forecast): string {
    const names = (newSecret: string): string[] =>
        webhooks.filter((webhook) => webhook.newSecret === newSecret).map(({ name }) => name);
    return JSON.stringify(
        { complete, newSecrets: names("yes"), possiblyNewSecrets: names("maybe"), webhooks, outputs, hidesDrift },
        null,
        2,
    );
}

export const plan: Command = { summary: "say which webhooks a deployment would give a new secret", help, run };
