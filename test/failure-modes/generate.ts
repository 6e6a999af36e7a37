import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cellName, cells, notApplicable } from "./cells.ts";
import { experiment, type Result } from "./experiment.ts";
import { notApplicableRow, render, row } from "./render.ts";
import { Spools } from "./spools.ts";
import { verdictOf } from "./verdict.ts";

const DOCUMENT = new URL("../../docs/failure-modes.md", import.meta.url);

it("every cell of the table is tried, and written down", async () => {
  await using spools = await Spools.make();
  const results = new Map<string, Result>();
  for (const cell of cells) {
    if (notApplicable(cell) !== null) continue;
    const result = await experiment(spools, cell);
    results.set(cellName(cell), result);
    console.log(`${cellName(cell)}: ${verdictOf(result)}`);
  }
  const text = render((cell) => {
    const result = results.get(cellName(cell));
    return result === undefined ? notApplicableRow(cell) : row(result);
  });
  writeFileSync(DOCUMENT, text);
  const silent = [...results].filter(([, result]) => verdictOf(result) === "silent").map(([name]) => name);
  expect(silent, "messages were lost, and nothing reported it").toEqual([]);
});
