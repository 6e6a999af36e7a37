import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { charts } from "./chart-data.ts";
import { draw } from "./draw.ts";
import { renderHtml } from "./html.ts";
import { type Picture, renderMarkdown } from "./markdown.ts";
import type { Results } from "./results.ts";
import { THEMES } from "./themes.ts";

/** Makes `directory` and writes results.json, report.html, and report.md with its charts. */
export function writeReport(results: Results, directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(directory, "report.html"), renderHtml(results));
  writeMarkdown(results, directory, "report.md", "charts");
}

/** Writes the Markdown file, and its charts into `folder` beside it. `remarks` follow the goals. */
export function writeMarkdown(
  results: Results,
  directory: string,
  name: string,
  folder: string,
  remarks: readonly string[] = [],
): void {
  mkdirSync(join(directory, folder), { recursive: true });
  const pictures = charts(results).map((chart): Picture => {
    for (const theme of THEMES) {
      writeFileSync(join(directory, folder, `${chart.name}-${theme.name}.svg`), `${draw(chart, theme, false)}\n`);
    }
    return { title: chart.title, note: chart.note, path: `${folder}/${chart.name}` };
  });
  writeFileSync(join(directory, name), renderMarkdown(results, pictures, remarks));
}
