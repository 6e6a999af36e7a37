import { facts } from "./facts.ts";
import type { Results } from "./results.ts";
import { goalsTable, sectionTables, type Table } from "./tables.ts";

/** A chart in the files `<path>-light.svg` and `<path>-dark.svg`. */
export interface Picture {
  readonly title: string;
  readonly note: string;
  readonly path: string;
}

/** The report as Markdown, with `remarks` and `pictures` after the goals. */
export function renderMarkdown(
  results: Results,
  pictures: readonly Picture[] = [],
  remarks: readonly string[] = [],
): string {
  const parts = [
    "# Benchmark results",
    facts(results)
      .map((fact) => `- ${fact}`)
      .join("\n"),
    tableOf(goalsTable(results)),
    ...remarks,
    ...pictures.map(pictureOf),
    ...sectionTables(results).map(tableOf),
    ...leftOut(results),
  ];
  return `${parts.join("\n\n")}\n`;
}

function pictureOf({ title, note, path }: Picture): string {
  const dark = `<source media="(prefers-color-scheme: dark)" srcset="${path}-dark.svg">`;
  return `## ${title}\n\n${note}\n\n<picture>${dark}<img src="${path}-light.svg" alt="${title}"></picture>`;
}

function tableOf({ title, note, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = `|${head.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`;
  return [`## ${title}`, "", note, "", line(head), rule, ...rows.map(line)].join("\n");
}

function leftOut({ leftOut: all }: Results): string[] {
  if (all.length === 0) return [];
  return [["## Left out", "", ...all.map(({ what, why }) => `- ${what}: ${why}`)].join("\n")];
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
