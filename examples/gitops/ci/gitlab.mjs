// What the pipeline tells people, by GitLab's API with the token in GITLAB_TOKEN:
//   node ci/gitlab.mjs note <file>                    the comment on the merge request, always the same one
//   node ci/gitlab.mjs open <label> <title> <file>    an issue, unless one with the label is open
//   node ci/gitlab.mjs close <label> <text>           closes the issue again
import { readFileSync } from "node:fs";

const { CI_API_V4_URL, CI_JOB_URL, CI_MERGE_REQUEST_IID, CI_PROJECT_ID, GITLAB_TOKEN, STACK } = process.env;
const project = `/projects/${CI_PROJECT_ID}`;
const [command, ...words] = process.argv.slice(2);

const commands = {
    async note(file) {
        const notes = `${project}/merge_requests/${CI_MERGE_REQUEST_IID}/notes`;
        const marker = `<!-- pulumi-captions ${STACK} -->`;
        const body = `${marker}\n### Webhooks of ${STACK}\n\n${readFileSync(file, "utf8")}`;
        const { id: me } = await call("GET", "/user");
        const mine = await find(notes, (note) => note.author.id === me && note.body.startsWith(marker));
        if (mine === undefined) await call("POST", notes, { body });
        else await call("PUT", `${notes}/${mine.id}`, { body });
    },

    async open(label, title, file) {
        if ((await openIssue(label)) !== undefined) return;
        const description = `${readFileSync(file, "utf8")}\n[The run](${CI_JOB_URL})\n`;
        await call("POST", `${project}/issues`, { title, description, labels: `captions-${label}` });
    },

    async close(label, text) {
        const issue = await openIssue(label);
        if (issue === undefined) return;
        await call("POST", `${project}/issues/${issue.iid}/notes`, { body: text });
        await call("PUT", `${project}/issues/${issue.iid}`, { state_event: "close" });
    },
};

if (!Object.hasOwn(commands, command)) throw new Error(`There is no command "${command}".`);
if (GITLAB_TOKEN) await commands[command](...words);
else console.log("GITLAB_TOKEN is not set, so nobody is told but the readers of this log.");

function openIssue(label) {
    return find(`${project}/issues?state=opened&labels=captions-${label}`, () => true);
}

async function find(path, predicate) {
    for (let page = 1; ; page++) {
        const found = await call("GET", `${path}${path.includes("?") ? "&" : "?"}per_page=100&page=${page}`);
        const first = found.find(predicate);
        if (first !== undefined || found.length < 100) return first;
    }
}

async function call(method, path, body) {
    const response = await fetch(`${CI_API_V4_URL}${path}`, {
        method,
        headers: { "PRIVATE-TOKEN": GITLAB_TOKEN, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path.split("?")[0]}: GitLab answered ${response.status}.`);
    return response.json();
}
