// @ts-check
// What a benchmark needs besides the installed packages: db_bench, and better-sqlite3's binary. What cannot be had is
// left out of the report.
import { existsSync, realpathSync } from "node:fs";
import { report, root, run } from "./run.mjs";

const LOADS_SQLITE = 'new (require("better-sqlite3"))(":memory:").close()';
const bench = `${root}packages/bench`;

/** Provides what is missing, a line each. Resolves in any case. */
export async function provideTools() {
  if (!(await run("db_bench", ["--version"])).ok) await report("db_bench", provideDbBench);
  if (!(await loadSqlite()).ok) await report("better-sqlite3", provideSqlite);
}

async function provideDbBench() {
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    return {
      ok: false,
      output:
        "the C++ benchmark of RocksDB is left out: install db_bench (Debian, Ubuntu: apt-get install rocksdb-tools)\n",
    };
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = () => run("apt-get", ["install", "-y", "--no-install-recommends", "rocksdb-tools"], { env });
  const installed = await apt();
  if (installed.ok) return installed;
  // A fresh image has no package lists.
  await run("apt-get", ["update"], { env });
  return apt();
}

function loadSqlite() {
  return run(process.execPath, ["-e", LOADS_SQLITE], { cwd: bench });
}

/**
 * Its own install script, which downloads a binary or, where it cannot, compiles one: that takes a minute and a C++
 * compiler.
 */
async function provideSqlite() {
  const cwd = realpathSync(`${bench}/node_modules/better-sqlite3`);
  const made = await run("npm", ["run", "install"], { cwd });
  if (made.ok) return loadSqlite();
  return { ok: false, output: `${made.output}better-sqlite3 is left out: its binary could not be had\n` };
}
