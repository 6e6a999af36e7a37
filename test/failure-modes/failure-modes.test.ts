import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cell, cellName, cells, disposable, notApplicable } from "./cells.ts";
import { experiment, type Life } from "./experiment.ts";
import { type Loads, MESSAGES, type Seen } from "./observe.ts";
import { notApplicableRow, render, row, rowStart } from "./render.ts";
import { Spools } from "./spools.ts";
import { verdictOf } from "./verdict.ts";

const committed = readFileSync(new URL("../../docs/failure-modes.md", import.meta.url), "utf8");
const rows = committed.split("\n").filter((line) => /^\| .* \| (open|closed|killed) \|/.test(line));
const rowOf = new Map(cells.map((cell, i) => [cellName(cell), rows[i] ?? "none"]));

describe("docs/failure-modes.md", () => {
  it("has each cell once, with a result that is not silent or a reason why there is none", () => {
    expect(rows).toHaveLength(cells.length);
    for (const cell of cells) {
      const line = rowOf.get(cellName(cell)) as string;
      expect(line.startsWith(rowStart(cell)), `${cellName(cell)}: ${line}`).toBe(true);
      if (notApplicable(cell) !== null) expect(line).toBe(notApplicableRow(cell));
      else expect(line).toMatch(/ \| (harmless|healed|told) \|$/);
    }
  });

  it("has no row of RocksDB's files in which a message is lost in the end", () => {
    for (const cell of cells.filter(({ target }) => disposable.includes(target))) {
      if (notApplicable(cell) !== null) continue;
      expect(rowOf.get(cellName(cell)), cellName(cell)).toMatch(/restart: all; .* \| (harmless|healed) \|$/);
    }
  });

  it("is what `npm run failure-modes` makes of these rows", () => {
    expect(render((cell) => rowOf.get(cellName(cell)) as string)).toBe(committed);
  });
});

describe("a row of the table", () => {
  /** One for each way to end. The whole table takes minutes. */
  const TRIED: readonly Cell[] = [
    { target: "SST", damage: "flipped", moment: "killed" },
    { target: "MANIFEST", damage: "cut", moment: "closed" },
    { target: "index directory", damage: "missing", moment: "open" },
    { target: "oldest segment", damage: "missing", moment: "closed" },
    { target: "newest segment", damage: "cut", moment: "open" },
    { target: "rockspool.json", damage: "garbage", moment: "closed" },
    { target: "mark", damage: "missing", moment: "killed" },
  ];
  let spools: Spools;

  beforeAll(async () => {
    spools = await Spools.make();
  });

  afterAll(() => spools[Symbol.asyncDispose]());

  it.each(TRIED.map((cell) => ({ name: cellName(cell), cell })))("is true: $name", async ({ name, cell }) => {
    expect(row(await experiment(spools, cell))).toBe(rowOf.get(name));
  });
});

describe("the verdict", () => {
  const well: Seen = {
    load: { read: MESSAGES, errors: [], laterLost: 0, lies: [] },
    enumerate: String(MESSAGES),
    store: "synced",
    remove: "done",
    state: "open",
    latched: false,
    reason: null,
    told: false,
  };
  const latched = { ...well, latched: true, told: true };
  const lost = (loads: Partial<Loads>, told: boolean): Seen => ({ ...well, load: { ...well.load, ...loads }, told });
  const verdict = (atOnce: Life, restart: Life, crash: Life | null = null): string =>
    verdictOf({ atOnce, crash, restart });

  it("is silent where messages are lost or wrong, and nothing reports it", () => {
    expect(verdict(well, lost({ read: MESSAGES - 1 }, false))).toBe("silent");
    expect(verdict(well, lost({ laterLost: 1 }, false))).toBe("silent");
    expect(verdict(well, well, lost({ read: 0 }, false))).toBe("silent");
    expect(verdict(lost({ lies: ["message 3 is not what was stored"] }, true), well)).toBe("silent");
  });

  it("is told where something is lost or refused in the end, and it is reported", () => {
    expect(verdict(well, lost({ read: MESSAGES - 1 }, true))).toBe("told");
    expect(verdict(well, { rejected: "SpoolConfigError" })).toBe("told");
    expect(verdict(well, well, latched)).toBe("told");
    expect(verdict(latched, latched)).toBe("told");
    expect(verdict(lost({ read: 0 }, true), lost({ read: 0 }, true))).toBe("told");
  });

  it("is healed where all is served again, harmless where nothing was ever refused", () => {
    expect(verdict(latched, well, well)).toBe("healed");
    expect(verdict(lost({ read: 0 }, true), well, well)).toBe("healed");
    expect(verdict(well, well, well)).toBe("harmless");
  });
});
