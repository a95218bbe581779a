// Everything from outside goes into the page as text, never as HTML.

export function byId(id) {
    return document.getElementById(id);
}

export function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

export function code(text) {
    return element("code", { textContent: text });
}

/** For what is never long, and unreadable when it is broken. */
export function word(text) {
    return element("code", { className: "word", textContent: text });
}

export function note(text) {
    return element("span", { className: "note", textContent: text });
}

export function badge(kind, text) {
    return element("span", { className: `badge ${kind}`, textContent: text });
}

export function clock(at) {
    const date = new Date(at);
    const textContent = date.toLocaleTimeString("en-GB");
    return element("time", { dateTime: date.toISOString(), title: date.toLocaleString(), textContent });
}

/** A URL, which breaks behind a slash rather than in a word. */
export function breakable(url) {
    return url.split(/(?<=[/])/).flatMap((part) => [part, element("wbr", {})]);
}

/** The roles are said again, as a table that is laid out as cards on a phone loses them. */
export function cell(label, ...children) {
    const made = element("td", { role: "cell" }, element("div", {}, ...children));
    made.dataset.label = label;
    return made;
}

export function row(...cells) {
    return element("tr", { role: "row" }, ...cells);
}
