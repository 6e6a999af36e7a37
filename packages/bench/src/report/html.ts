import { charts } from "./chart-data.ts";
import { draw } from "./draw.ts";
import { facts } from "./facts.ts";
import { goalBound, goalValue, goalVerdict } from "./format.ts";
import type { Results } from "./results.ts";
import { GOALS_NOTE, sectionTables, type Table } from "./tables.ts";
import { THEMES, type Theme } from "./themes.ts";

/** The report as one page, without scripts and requests, in the light or dark scheme of the browser. */
export function renderHtml(results: Results): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>rockspool: benchmark results</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>rockspool: benchmark results</h1>
<ul class="facts">${facts(results)
    .map((fact) => `<li>${escaped(fact)}</li>`)
    .join("")}</ul>
${goals(results)}
${pictures(results)}
${sectionTables(results).map(tableOf).join("\n")}
${leftOut(results)}
</main>
</body>
</html>
`;
}

function goals({ goals: all }: Results): string {
  const met = all.filter((goal) => goal.met === true).length;
  const rows = all.map((goal) => {
    const { title, unit, spread } = goal;
    const kind = goal.met === null ? "none" : goal.met ? "good" : "bad";
    const median = spread === null ? "–" : goalValue(spread.median, unit);
    const range =
      spread === null ? "" : `${goalValue(spread.least, unit)} to ${goalValue(spread.most, unit)} (${spread.count})`;
    return (
      `<tr><td>${escaped(title)}</td><td>${goalBound(goal)}</td><td><b>${median}</b></td>` +
      `<td class="spread">${range}</td><td class="${kind}">${goalVerdict(goal)}</td></tr>`
    );
  });
  const head = ["goal", "bound", "median", "range", ""].map((name) => `<th>${name}</th>`).join("");
  return `<section><h2>Goals: ${met} of ${all.length} met</h2>
<p>${GOALS_NOTE}</p>
<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

function pictures(results: Results): string {
  return charts(results)
    .map((chart) => {
      const drawn = THEMES.map((theme) => `<div class="only-${theme.name}">${draw(chart, theme, true)}</div>`);
      const label = escaped(`${chart.title}. ${chart.note}`);
      return (
        `<section><h2>${escaped(chart.title)}</h2><p>${escaped(chart.note)}</p>` +
        `<figure role="img" aria-label="${label}">${drawn.join("")}</figure></section>`
      );
    })
    .join("\n");
}

function tableOf({ title, note, head, rows }: Table): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => cells(row, "td")).join("");
  return (
    `<section><h2>${escaped(title)}</h2><p>${escaped(note)}</p>` +
    `<div class="wide"><table><thead>${cells(head, "th")}</thead><tbody>${body}</tbody></table></div></section>`
  );
}

function leftOut({ leftOut: all }: Results): string {
  if (all.length === 0) return "";
  const items = all.map(({ what, why }) => `<li>${escaped(what)}: ${escaped(why)}</li>`);
  return `<section><h2>Left out</h2><ul>${items.join("")}</ul></section>`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ESCAPES[char] as string);
}

function colours({ text, muted, grid, background, good, bad }: Theme): string {
  return `--text:${text};--muted:${muted};--grid:${grid};--background:${background};--good:${good};--bad:${bad}`;
}

const [LIGHT, DARK] = THEMES as readonly [Theme, Theme];

const STYLE = `
:root{color-scheme:light dark;${colours(LIGHT)}}
.only-dark{display:none}
@media (prefers-color-scheme:dark){:root{${colours(DARK)}}.only-dark{display:block}.only-light{display:none}}
body{margin:0;background:var(--background);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:24px}
h1{font-size:28px;margin:0 0 12px}
h2{font-size:19px;margin:36px 0 4px}
p,.facts{margin:0 0 12px;color:var(--muted)}
.facts{padding-left:18px}
figure{margin:0;max-width:860px}
figure svg{width:100%;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th{font-weight:600;color:var(--muted);white-space:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
.spread{color:var(--muted)}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad);font-weight:600}
`;
