// The control endpoints. Where other machines can connect too they need the API key, which comes in the address's
// fragment (that no server and no log ever gets) and stays with this tab.

const stored = "captions-emulator-key";

const given = new URLSearchParams(location.hash.slice(1)).get("key");
if (given !== null) {
    setKey(given);
    history.replaceState(null, "", location.pathname);
}

export function setKey(key) {
    sessionStorage.setItem(stored, key);
}

/** The emulator wants a key, or another one. */
export class KeyNeeded extends Error {}

export async function ask(path, init = {}) {
    const key = sessionStorage.getItem(stored);
    const headers = { ...init.headers, ...(key === null ? {} : { "x-api-key": key }) };
    const answer = await fetch(`/_emulator${path}`, { ...init, headers });
    if (answer.status === 401) throw new KeyNeeded(key === null ? "" : "This key is not the right one.");
    return answer;
}

export function post(path, body) {
    return ask(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    });
}
