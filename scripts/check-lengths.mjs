// @ts-check
// Limits of lengths: lines of a source file, columns of a line. Part of lint.
import { readdirSync, readFileSync } from "node:fs";
import { isMain, root } from "./run.mjs";

const MAX_COLUMNS = 120;

/**
 * Lines that a source file may have, by its path; the first pattern that fits counts. Tests and their helpers have no
 * limit.
 */
const MAX_LINES = /** @type {[RegExp, number][]} */ ([
  [/\.test\.ts$/, Number.POSITIVE_INFINITY],
  [/^packages\/(spool|worker)\/src\//, 250],
  [/^packages\/[^/]+\/src\//, 300],
]);

/** Lines that cannot be broken: a row of a table or of a program's output (also in a template of code), in Markdown an HTML element. */
const ROW = /^\s*\|.*\|$|^\w+ +: /;
const ELEMENT = /^\s*</;
/** Text in quotes or backticks in code: the formatter does not break it. */
const LITERAL = /(["`'])(?:(?!\1).)*\1?/g;
/** Pages that a command writes, and the text that it writes there. */
const GENERATED = new Set(["docs/performance.md", "docs/failure-modes.md", "test/failure-modes/render.ts"]);
/** A link's target and a bare address: they cannot be broken either, so they are not counted. */
const ADDRESS = /(?<=\])\([^)]*\)|https?:\/\/\S+/g;

const NAMES = /\.(md|ts|mjs|cjs)$/;
/** Folders whose files are not written by hand; those whose name begins with a dot are left out too. */
const NOT_OURS = new Set(["node_modules", "dist", "coverage", "bench-report", "data"]);

/** @returns {{ ok: boolean, output: string }} with a line for each file or line that is too long */
export function checkLengths() {
  const problems = [...filesIn("")].flatMap(problemsOf);
  return { ok: problems.length === 0, output: problems.map((problem) => `${problem}\n`).join("") };
}

/**
 * @param {string} folder its path with a slash at its end, or nothing for the root
 * @returns {Generator<string>} the paths of all files to check
 */
function* filesIn(folder) {
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true })) {
    if (entry.isDirectory() && !NOT_OURS.has(entry.name) && !entry.name.startsWith(".")) {
      yield* filesIn(`${folder}${entry.name}/`);
    }
    const path = `${folder}${entry.name}`;
    if (entry.isFile() && NAMES.test(entry.name) && !GENERATED.has(path)) yield path;
  }
}

/** @param {string} path */
function problemsOf(path) {
  const lines = readFileSync(`${root}${path}`, "utf8").trimEnd().split("\n");
  const problems = [];
  const limit = MAX_LINES.find(([pattern]) => pattern.test(path))?.[1] ?? Number.POSITIVE_INFINITY;
  if (lines.length > limit) problems.push(`${path}: ${lines.length} lines, ${limit} are allowed`);
  for (const [index, line] of lines.entries()) {
    const columns = columnsOf(line, path.endsWith(".md"));
    if (columns > MAX_COLUMNS) problems.push(`${path}:${index + 1}: ${columns} columns, ${MAX_COLUMNS} are allowed`);
  }
  return problems;
}

/** @param {string} line @param {boolean} markdown */
function columnsOf(line, markdown) {
  if (ROW.test(line) || (markdown && ELEMENT.test(line))) return 0;
  return [...line.replace(markdown ? ADDRESS : LITERAL, "")].length;
}

if (isMain(import.meta.url)) {
  const { ok, output } = checkLengths();
  process.stdout.write(output);
  process.exitCode = ok ? 0 : 1;
}
