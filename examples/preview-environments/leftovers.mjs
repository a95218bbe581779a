// Says which webhooks and stacks of previews are left over, and what to do about each: exit code 1 if there are any.
import { execFileSync } from "node:child_process";

const json = (command, ...args) =>
    JSON.parse(execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));

/** The number in the name of a stack, or in the host name of a preview. */
const pullRequestOf = (text) => Number(/(?:^|[/.])pr-(\d+)(?:\.|$)/.exec(text)?.[1] ?? Number.NaN);

const listStacks = () =>
    json("pulumi", "stack", "ls", "--json")
        .map(({ name }) => name)
        .filter((name) => pullRequestOf(name) > 0);

/** The stacks of previews, and what `pulumi-captions list` says of the account's webhooks beside them. */
function look() {
    const stacks = listStacks();
    const options = stacks.flatMap((name) => ["--stack", name]);
    try {
        return { stacks, ...json("npx", "--no", "pulumi-captions", "list", "--json", ...options) };
    } catch (error) {
        const left = new Set(listStacks());
        if (stacks.every((name) => left.has(name))) throw error;
        // One of them was removed meanwhile, as its pull request was closed.
        return look();
    }
}

const { stacks, webhooks, gone } = look();
// Last, so that a pull request that has been opened meanwhile is not taken for a closed one.
const pulls = json("gh", "pr", "list", "--state", "open", "--limit", "1000", "--json", "number");
const open = new Set(pulls.map(({ number }) => number));

const run = (name) => `\`gh workflow run webhook.yml --field number=${pullRequestOf(name)}\``;
const closed = stacks.filter((name) => !open.has(pullRequestOf(name)));
// Other webhooks in the account have no host name of a preview. While a pull request is being opened, its webhook is
// not in a stack yet.
const unmanaged = webhooks.filter(
    ({ stack, standing, url }) =>
        stack === undefined &&
        pullRequestOf(url) > 0 &&
        (standing === "looks orphaned" || !open.has(pullRequestOf(url))),
);
const missing = gone.filter(({ stack }) => open.has(pullRequestOf(stack)));

const findings = [
    ...closed.map((name) => {
        const ids = webhooks.filter(({ stack }) => stack === name).map(({ id }) => id);
        const what = ids.length === 0 ? "without a webhook" : `with the webhook ${ids.join(", ")}`;
        return `The pull request of the stack ${name} is closed, but the stack still exists, ${what}. To delete it: ${run(name)}`;
    }),
    ...unmanaged.map(
        ({ id, url }) =>
            `The webhook ${id} (${url}) is in no stack of a preview. To delete it: see README.md, "Leftovers"`,
    ),
    ...missing.map(
        ({ id, stack }) =>
            `The webhook ${id} of the stack ${stack} no longer exists. To register it again: ${run(stack)}`,
    ),
];
console.log(findings.length === 0 ? "Nothing is left over." : findings.map((finding) => `- ${finding}`).join("\n"));
process.exitCode = findings.length === 0 ? 0 : 1;
