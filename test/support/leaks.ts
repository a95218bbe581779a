/** Finds secrets in texts, in clear or in an encoding that anyone can undo. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gunzipSync } from "node:zlib";

/** What a secret looks like in clear, and in the encodings that logs and URLs use. */
function formsOf(secret: string): readonly string[] {
    const bytes = Buffer.from(secret);
    // Inside a longer text base64 depends on where the secret begins: the part that does not is searched for.
    const shifted = [0, 1, 2].map((shift) => {
        const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
        return encoded
            .slice(shift === 0 ? 0 : 4)
            .replace(/=+$/, "")
            .slice(0, -2);
    });
    const hex = bytes.toString("hex");
    const urlEncoded = encodeURIComponent(secret);
    const forms = [
        secret,
        // As latin1, in which files are read.
        bytes.toString("latin1"),
        urlEncoded,
        urlEncoded.replace(/%[0-9A-F]{2}/g, (encoded) => encoded.toLowerCase()),
        hex.replace(/../g, "%$&"),
        JSON.stringify(secret).slice(1, -1),
        JSON.stringify(JSON.stringify(secret)).slice(3, -3),
        hex,
        hex.toUpperCase(),
        ...shifted,
        ...shifted.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    ];
    return [...new Set(forms)];
}

/**
 * @param texts what to search, by the name to report it under; what is compressed with gzip has to be in latin1
 * @returns where something was found, without repeating it
 */
export function findLeaks(texts: ReadonlyMap<string, string>, secrets: Iterable<string>): readonly string[] {
    const forms = [...secrets].flatMap(formsOf);
    return [...texts].flatMap(([name, whole]) =>
        [whole, ...unzipped(whole)].flatMap((text, index) => {
            const found = forms.find((form) => text.includes(form));
            if (found === undefined) return [];
            const at = text.indexOf(found);
            const place = index === 0 ? name : `${name}, unzipped`;
            return [`${place}, at ${at}: …${text.slice(Math.max(0, at - 60), at)}[here]`];
        }),
    );
}

/** Every file below a folder, links not followed, in latin1 so that nothing of it gets lost. */
export function textsIn(folder: string): Map<string, string> {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [path, readFileSync(path, "latin1")]));
}

const gzipMagic = "\x1f\x8b\x08";

/** What is compressed in a text, wherever it begins. */
function unzipped(text: string): string[] {
    const found: string[] = [];
    for (let at = text.indexOf(gzipMagic); at >= 0; at = text.indexOf(gzipMagic, at + 1)) {
        try {
            // What is cut off, or goes on with something else, is unzipped as far as it goes.
            const bytes = Buffer.from(text.slice(at), "latin1");
            found.push(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1"));
        } catch {
            // It only looked like that.
        }
    }
    return found;
}
