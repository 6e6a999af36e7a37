import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import type { Runner } from "../run/runner.ts";
import { WorkDirectory } from "../run/work-directory.ts";
import { findAvailable } from "./available.ts";
import { QUICK } from "./effort.ts";
import { plan } from "./plan.ts";

const SIGNAL = new AbortController().signal;

/** A runner without some peers, and with or without db_bench. */
function machine(missing: readonly string[], dbBench: boolean): Runner & { readonly checked: string[] } {
  const checked: string[] = [];
  return {
    checked,
    run: async ({ peer }) => {
      checked.push(peer);
      if (missing.includes(peer)) throw new Error(`no ${peer}\nat somewhere`);
      return null;
    },
    program: async () => {
      if (!dbBench) throw new Error("ENOENT");
      return "db_bench version 7.8.3\n";
    },
  };
}

describe("findAvailable", () => {
  it("returns the whole plan if nothing is missing", async () => {
    const series = plan(QUICK);
    const work = new WorkDirectory(temporaryDirectory());
    const found = await findAvailable(series, machine([], true), work, SIGNAL);
    expect(found).toEqual({ series, dbBench: "7.8.3", leftOut: [] });
    expect(readdirSync(work.path)).toEqual([]);
  });

  it("leaves out what is missing, with the reason", async () => {
    const work = new WorkDirectory(temporaryDirectory());
    const found = await findAvailable(plan(QUICK), machine(["better-sqlite3"], false), work, SIGNAL);
    expect(found.leftOut).toEqual([
      { what: "better-sqlite3", why: "no better-sqlite3" },
      { what: "db_bench", why: expect.stringContaining("apt-get install rocksdb-tools") },
    ]);
    const left = new Set(found.series.map(({ subject }) => (subject.kind === "peer" ? subject.peer : subject.kind)));
    expect([...left].sort()).toEqual([
      "classic-level",
      "file a message",
      "lmdb",
      "lmdb, noSync",
      "rocksdb-native",
      "rockspool",
    ]);
  });

  it("checks only the peers of the plan", async () => {
    const runner = machine([], true);
    const series = plan(QUICK).filter(({ id }) => id.startsWith("lmdb:"));
    await findAvailable(series, runner, new WorkDirectory(temporaryDirectory()), SIGNAL);
    expect(runner.checked).toEqual(["lmdb"]);
  });
});
