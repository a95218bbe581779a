// Says which webhooks and stacks of previews are left over, and what to do about each: exit code 1 if there are any.
import { execFileSync } from "node:child_process";

const json = (command, ...args) =>
    JSON.parse(execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));

/** The number in the name of a stack, or in the host name of a preview. */
const pullRequestOf = (text) => Number(/(?:^|[/.])pr-(\d+)(?:\.|$)/.exec(text)?.[1] ?? Number.NaN);

const stacks = json("pulumi", "stack", "ls", "--json")
    .map(({ name }) => name)
    .filter((name) => pullRequestOf(name) > 0);
const options = stacks.flatMap((name) => ["--stack", name]);
const { webhooks, gone } = json("npx", "--no", "pulumi-captions", "list", "--json", ...options);
// Last, so that a pull request that has been opened meanwhile is not taken for a closed one.
const pulls = json("gh", "pr", "list", "--state", "open", "--limit", "1000", "--json", "number");
const open = new Set(pulls.map(({ number }) => number));

/** Webhooks of other stacks, which are in the same account, have no host name of a preview. */
const unmanaged = webhooks.filter(({ stack, url }) => stack === undefined && pullRequestOf(url) > 0);
const findings = [
    ...stacks
        .filter((name) => !open.has(pullRequestOf(name)))
        .map((name) => {
            const ids = webhooks.filter(({ stack }) => stack === name).map(({ id }) => id);
            const what = ids.length === 0 ? "without a webhook" : `with the webhook ${ids.join(", ")}`;
            const run = `gh workflow run webhook.yml --field number=${pullRequestOf(name)}`;
            return `The pull request of the stack ${name} is closed, but the stack is still there, ${what}. Delete both: \`${run}\``;
        }),
    // While a pull request is being opened, its webhook is not in a stack yet.
    ...unmanaged
        .filter(({ standing, url }) => standing === "looks orphaned" || !open.has(pullRequestOf(url)))
        .map(
            ({ id, url }) =>
                `The webhook ${id} (${url}) is in no stack. If no other project has it, delete it with \`/delete\`: see README.md`,
        ),
    ...gone
        .filter(({ stack }) => open.has(pullRequestOf(stack)))
        .map(({ id, stack }) => {
            const run = `gh workflow run webhook.yml --field number=${pullRequestOf(stack)}`;
            return `The webhook ${id} of the stack ${stack} no longer exists. Register it again: \`pulumi refresh --stack ${stack}\`, then \`${run}\``;
        }),
];
console.log(findings.length === 0 ? "Nothing is left over." : findings.map((finding) => `- ${finding}`).join("\n"));
process.exitCode = findings.length === 0 ? 0 : 1;
