import { systemClock } from "../../probe";
import { decodeText } from "../decode-text";
import { UsageError } from "../errors";
import { readInput } from "../input-file";
import { type Command, exit, type Io } from "../io";
import { parseOptions } from "../options";
import { listed, printable } from "../text";
import { toMarkdown } from "./markdown";
import { parsePreview } from "./preview";
import { type WebhookChanges, webhookChanges } from "./webhook-changes";

const help = `Shows in plain words which webhooks a deployment would give a new secret, and
which receivers need it: as Markdown, for a comment on a pull request.

Usage: pulumi preview --json > preview.json; pulumi-captions plan preview.json
       pulumi preview --json | pulumi-captions plan -

  <file>                the output of \`pulumi preview --json\`; - for stdin
  --fail-on-rotation    exit code ${exit.rotation} if deliveries would, or may, be lost until
                        receivers have a new secret: a webhook changes in place
                        or is replaced, or a rotation keeps no older generation
  --json, --json-out    print the result as JSON

An adopted webhook does not count for --fail-on-rotation: only the deployment
looks up whether it has to be changed.

With --show-sames, the preview also includes receivers that the deployment does
not change, when a RotatingWebhook with a schedule rotates next, and with
--refresh as well, secrets that were changed elsewhere. Do not use the streaming
form (one event per line): it lacks dependencies and may contain secrets in
plain text.

Exit code: 0 success; 1 the preview failed, or could not be read; 2 wrong usage;
           ${exit.rotation} --fail-on-rotation found a webhook.`;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values, positionals } = parseOptions(
        argv,
        { "fail-on-rotation": { type: "boolean" }, json: { type: "boolean" }, "json-out": { type: "boolean" } },
        1,
    );
    const [file] = positionals;
    if (file === undefined) {
        throw new UsageError("Name the file with the preview, or - for standard input.");
    }
    const preview = parsePreview(decodeText(await readInput(file, io)));
    const changes = webhookChanges(preview);

    io.out(values.json || values["json-out"] ? toJson(changes) : toMarkdown(changes, (io.clock ?? systemClock).now()));
    if (!changes.complete) {
        return exit.bad;
    }
    const losing = changes.webhooks.filter(({ losesDeliveries }) => losesDeliveries);
    if (values["fail-on-rotation"] !== true || losing.length === 0) {
        return exit.good;
    }
    const names = listed(
        losing.map(({ name }) => printable(name)),
        20,
    );
    io.err(`--fail-on-rotation: deliveries would, or may, be lost until receivers have a new secret: ${names}.`);
    return exit.rotation;
}

function toJson({ complete, webhooks, outputs, hidesDrift, rotations, rotationsAsOf }: WebhookChanges): string {
    const names = (newSecret: string): string[] =>
        webhooks.filter((webhook) => webhook.newSecret === newSecret).map(({ name }) => name);
    return JSON.stringify(
        {
            complete,
            newSecrets: names("yes"),
            possiblyNewSecrets: names("maybe"),
            webhooks,
            outputs,
            hidesDrift,
            rotations,
            rotationsAsOf,
        },
        null,
        2,
    );
}

export const plan: Command = { summary: "show which webhooks a deployment would give a new secret", help, run };
