#!/usr/bin/env node
// A stand-in for GitHub's command `gh`, on PATH while a workflow's steps run: what the hosting would keep is in the
// JSON file that GH_STAND_IN names. It knows the calls that the workflows make, and refuses all others.
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const file = process.env.GH_STAND_IN;
const state = JSON.parse(readFileSync(file, "utf8"));
if (!process.env.GH_TOKEN) fail("there is no GH_TOKEN");
const argv = process.argv.slice(2);
state.calls.push(argv);

const text = { type: "string" };
const flag = { type: "boolean" };
if (argv[0] === "api") {
    const { values, positionals } = parseArgs({
        args: argv.slice(1),
        options: { method: text, field: text, jq: text, paginate: flag, silent: flag },
        allowPositionals: true,
    });
    const [path = ""] = positionals;
    const body = values.field?.startsWith("body=@") ? readFileSync(values.field.slice(6), "utf8") : undefined;
    const [, pull] = /^repos\/acme\/webhooks\/issues\/(\d+)\/comments$/.exec(path) ?? [];
    const [, comment] = /^repos\/acme\/webhooks\/issues\/comments\/(\d+)$/.exec(path) ?? [];
    if (pull && values.method === "POST" && body) {
        const user = { login: "github-actions[bot]" };
        state.comments.push({ id: 7000 + state.comments.length, pull: Number(pull), user, body });
    } else if (pull && values.method === undefined) {
        print(
            state.comments.filter((one) => one.pull === Number(pull)),
            values.jq,
        );
    } else if (comment && values.method === "PATCH" && body) {
        state.comments.find(({ id }) => id === Number(comment)).body = body;
    } else fail(`unknown call: ${argv.join(" ")}`);
} else if (argv[0] === "label" && argv[1] === "create") {
    state.labels.push(argv[2]);
} else if (argv[0] === "issue" && process.env.GH_REPO === "acme/webhooks") {
    const { values, positionals } = parseArgs({
        args: argv.slice(2),
        options: { label: text, title: text, body: text, state: text, json: text, jq: text, comment: text },
        allowPositionals: true,
    });
    const { label } = values;
    if (argv[1] === "list" && values.state === "open" && values.json === "number,title") {
        const open = state.issues.filter((issue) => issue.open && issue.label === label);
        print(
            open.map(({ number, title }) => ({ number, title })),
            values.jq,
        );
    } else if (argv[1] === "create" && state.labels.includes(label)) {
        state.issues.push({
            number: state.issues.length + 1,
            open: true,
            label,
            title: values.title,
            body: values.body,
        });
    } else if (argv[1] === "close") {
        state.issues.find(({ number }) => number === Number(positionals[0])).open = false;
    } else fail(`unknown call: ${argv.join(" ")}`);
} else if (argv[0] === "pr" && process.env.GH_REPO === "acme/webhooks") {
    const { values, positionals } = parseArgs({
        args: argv.slice(2),
        options: { state: text, limit: text, json: text, jq: text },
        allowPositionals: true,
    });
    const select = (pull) => Object.fromEntries(values.json.split(",").map((field) => [field, pull[field]]));
    if (argv[1] === "list" && values.state === "open" && values.limit && values.json) {
        print(state.pulls.filter((pull) => pull.state === "OPEN").map(select), values.jq);
    } else if (argv[1] === "view" && values.json) {
        const pull = state.pulls.find(({ number }) => number === Number(positionals[0]));
        if (pull === undefined) fail(`Could not resolve to a PullRequest with the number of ${positionals[0]}.`);
        print(select(pull), values.jq);
    } else fail(`unknown call: ${argv.join(" ")}`);
} else fail(`unknown call: ${argv.join(" ")}`);
// In one step, because another job's gh may read it meanwhile.
writeFileSync(`${file}.${process.pid}`, JSON.stringify(state));
renameSync(`${file}.${process.pid}`, file);

/** As gh prints: as JSON, or through jq, texts raw. */
function print(value, filter = ".") {
    process.stdout.write(execFileSync(process.env.JQ_STAND_IN, ["-r", filter], { input: JSON.stringify(value) }));
}

function fail(problem) {
    console.error(`gh stand-in: ${problem}`);
    process.exit(1);
}
