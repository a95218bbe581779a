import { byId, element } from "./dom.mjs";

/** How long typing is waited for, in milliseconds. */
const typingMs = 150;

/** A table with a filter and pages. */
export class List {
    #name;
    #changed;
    #page = 1;
    #count = element("span", { className: "count" });
    #search;
    #said = element("p", { className: "result said", role: "status" });
    #empty = element("p", { className: "empty", hidden: true });
    #body = element("tbody", { role: "rowgroup" });
    #table;
    #previous = this.#pageButton("Previous", -1);
    #range = element("span", { role: "status" });
    #next = this.#pageButton("Next", 1);
    #pager;

    /**
     * @param name the name of its `-list` section, and of what the emulator is asked for
     * @param changed called when another page or filter is wanted
     */
    constructor({ name, heading, caption, columns }, changed) {
        this.#name = name;
        this.#changed = changed;
        const label = `Filter the ${name}`;
        this.#search = element("input", { type: "search", placeholder: "Filter", ariaLabel: label, hidden: true });
        let typing;
        this.#search.addEventListener("input", () => {
            clearTimeout(typing);
            typing = setTimeout(() => this.#turnTo(1), typingMs);
        });
        // The roles are said again, as a table that is laid out as cards on a phone loses them.
        const heads = columns.map((text) => element("th", { scope: "col", role: "columnheader", textContent: text }));
        this.#table = element(
            "table",
            { id: name, role: "table", hidden: true },
            element("caption", { textContent: caption }),
            element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads)),
            this.#body,
        );
        this.#pager = element(
            "nav",
            { className: "pager", ariaLabel: `Pages of the ${name}`, hidden: true },
            this.#previous,
            this.#range,
            this.#next,
        );
        const title = element("h2", { id: `${name}-heading` }, `${heading} `, this.#count);
        byId(`${name}-list`).append(
            element("div", { className: "head" }, title, this.#search),
            this.#said,
            this.#empty,
            this.#table,
            this.#pager,
        );
    }

    /** What the emulator is asked for. */
    get query() {
        return [
            [this.#name, String(this.#page)],
            [`${this.#name}Filter`, this.#search.value],
        ];
    }

    /** @param empty what to say where there is nothing at all */
    show({ total, matching, page }, rows, rowsPerPage, empty) {
        this.#page = page;
        this.#count.textContent = total === 0 ? "" : total;
        this.#table.hidden = rows.length === 0;
        this.#empty.hidden = rows.length > 0;
        this.#empty.textContent = total === 0 ? empty : "Nothing matches the filter.";
        this.#search.hidden = total <= rowsPerPage && this.#search.value === "";
        this.#showRows(rows);
        const last = Math.ceil(matching / rowsPerPage);
        this.#pager.hidden = last <= 1;
        this.#previous.ariaDisabled = String(page <= 1);
        this.#next.ariaDisabled = String(page >= last);
        const first = (page - 1) * rowsPerPage + 1;
        const range = `${first}\u2013${Math.min(matching, first + rowsPerPage - 1)} of ${matching}`;
        if (this.#range.textContent !== range) this.#range.textContent = range;
    }

    /** Says something about the list, until it says something else. */
    say(text) {
        this.#said.textContent = text;
    }

    /** Rows that stay are left alone, so that a button keeps the focus. */
    #showRows(rows) {
        const shown = this.#body.rows;
        for (const row of [...shown]) if (!rows.includes(row)) row.remove();
        for (const [index, row] of rows.entries()) {
            if (shown[index] !== row) this.#body.insertBefore(row, shown[index] ?? null);
        }
    }

    #pageButton(text, step) {
        const button = element("button", { type: "button", className: "quiet", textContent: text });
        button.addEventListener("click", () => {
            // Not "disabled", which would take the focus away.
            if (button.ariaDisabled !== "true") this.#turnTo(this.#page + step);
        });
        return button;
    }

    #turnTo(page) {
        this.#page = page;
        this.#changed();
    }
}
