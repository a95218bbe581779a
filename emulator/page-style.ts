/** The page's style: light and dark as the system says, cards instead of tables on a phone. */
export const pageStyle = `
:root {
    color-scheme: light dark;
    --page: #f5f4f1; --panel: #ffffff; --line: #e3e0da; --text: #22202a; --soft: #635f6d; --accent: #5040c4; --accent-soft: #eeebff;
    --good: #10693c; --good-soft: #def5e7; --bad: #ad1f32; --bad-soft: #fde6e8; --wait: #835600; --wait-soft: #fff0cf; --none-soft: #eceae6;
    --shadow: 0 1px 2px rgb(30 20 60 / 5%), 0 6px 20px rgb(30 20 60 / 4%);
    --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
    :root {
        --page: #15141a; --panel: #1e1d25; --line: #34323f; --text: #eceaf2; --soft: #a8a4b5; --accent: #b3a8ff; --accent-soft: #2d2850;
        --good: #7fdca6; --good-soft: #173527; --bad: #ff9ba6; --bad-soft: #43202a; --wait: #f3c56b; --wait-soft: #3b2f16; --none-soft: #2c2a35;
        --shadow: none;
    }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main { max-width: 1256px; margin: 0 auto; padding: 0 24px; }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px 24px; padding-top: 28px; padding-bottom: 20px; }
.title { display: flex; align-items: center; gap: 14px; min-width: 0; }
.title img { flex: none; }
h1 { margin: 0; font-size: 21px; line-height: 1.25; letter-spacing: -0.01em; }
.title p { margin: 2px 0 0; color: var(--soft); }
h2 { display: flex; align-items: center; gap: 8px; margin: 0 0 4px; font-size: 16px; }
main { padding-bottom: 48px; display: grid; gap: 18px; }
main > *, .top > *, .lists > * { min-width: 0; }
.top, .lists { display: grid; gap: 18px; align-items: start; }
.top { align-items: stretch; }
@media (min-width: 900px) { .top { grid-template-columns: 1.15fr 1fr; } }
@media (min-width: 1100px) { .lists { grid-template-columns: 1.25fr 1fr; } }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; padding: 18px 20px; box-shadow: var(--shadow); }
.hint, .note, caption { color: var(--soft); }
.hint { margin: 0 0 14px; }
.note { display: block; font-size: 13px; overflow-wrap: anywhere; }
.count { background: var(--none-soft); color: var(--soft); border-radius: 99px; padding: 0 9px; font-size: 13px; font-weight: 600; }
.count:empty { display: none; }
.connection { display: flex; align-items: center; gap: 8px; margin: 0; padding: 4px 14px; border: 1px solid var(--line); border-radius: 99px; background: var(--panel); font-size: 14px; font-weight: 600; }
.connection::before { content: ""; width: 9px; height: 9px; flex: none; border-radius: 50%; background: var(--soft); }
.connection[data-state="live"]::before { background: #22a35e; box-shadow: 0 0 0 4px rgb(34 163 94 / 20%); }
.connection[data-state="lost"]::before { background: #d63a4d; }
.settings { display: grid; gap: 8px; margin: 0; }
.settings div { display: grid; grid-template-columns: 180px minmax(0, 1fr); align-items: center; gap: 2px 12px; }
dt { font: 600 13px/1.5 var(--mono); color: var(--soft); }
dd { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin: 0; padding: 5px 6px 5px 12px; background: var(--page); border-radius: 8px; }
code { font: 13px/1.5 var(--mono); overflow-wrap: anywhere; }
code.word { white-space: nowrap; }
button { font: inherit; font-weight: 600; color: inherit; border: 1px solid transparent; border-radius: 9px; padding: 9px 16px; min-height: 40px; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button[aria-disabled="true"] { opacity: 0.55; cursor: progress; }
.good { color: var(--good); background: var(--good-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.wait { color: var(--wait); background: var(--wait-soft); }
.none { color: var(--soft); background: var(--none-soft); }
button.good:hover { border-color: var(--good); }
button.bad:hover { border-color: var(--bad); }
.quiet { flex: none; min-height: 28px; padding: 2px 10px; font-size: 13px; color: var(--accent); background: transparent; border-color: var(--line); }
.quiet:hover { background: var(--accent-soft); }
.buttons { display: flex; flex-wrap: wrap; gap: 10px; }
.result { margin: 12px 0 0; min-height: 1.5em; font-weight: 600; }
.empty { margin: 10px 0 2px; padding: 18px; border: 1px dashed var(--line); border-radius: 10px; color: var(--soft); text-align: center; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; padding-bottom: 10px; font-size: 14px; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--soft); padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { vertical-align: top; padding: 10px 12px 10px 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child td { border-bottom: 0; padding-bottom: 0; }
time { font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--soft); }
.badges { display: flex; flex-wrap: wrap; gap: 4px; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 11px; font-size: 13px; font-weight: 600; }
.badge.good, .badge.bad { white-space: nowrap; }
.event { color: var(--accent); background: var(--accent-soft); white-space: nowrap; }
.fault { color: var(--wait); background: var(--wait-soft); white-space: nowrap; }
.secret { display: flex; align-items: center; gap: 10px; }
@media (min-width: 721px) {
    #webhooks td:nth-child(1) { width: 22%; }
    #webhooks td:nth-child(2) { width: 32%; }
    #webhooks td:nth-child(4) { width: 26%; }
}
@media (max-width: 720px) {
    header, main { padding-left: 14px; padding-right: 14px; }
    .panel { padding: 16px; }
    .settings div { grid-template-columns: minmax(0, 1fr); }
    .buttons button { flex: 1 1 100%; }
    table, tbody { display: block; }
    caption { display: block; }
    thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    tbody tr { display: grid; gap: 6px; padding: 12px 0; border-top: 1px solid var(--line); }
    td { display: grid; grid-template-columns: 76px minmax(0, 1fr); padding: 0; border: 0; }
    th:last-child, td:last-child, tbody tr:last-child td { padding: 0; }
    td::before { content: attr(data-label); color: var(--soft); font-size: 13px; }
}
`;
