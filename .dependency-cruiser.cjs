// The arrow: core <- worker <- rockspool <- { cli, bench }. A package resolves to another one's dist through node_modules, so a
// path in packages/<other> is an import of <other>, whether by name or by a relative path.

const TEST_FILE = "\\.(test|suite)\\.ts$";
const SOURCE = "^packages/[^/]+/src/";

/** What a folder of packages/ may import of the others. */
const arrow = {
  core: [],
  worker: ["core"],
  spool: ["core", "worker"],
  cli: ["spool"],
  bench: ["core", "spool"],
};

const arrowRules = Object.entries(arrow).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  severity: "error",
  comment: `packages/${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no other package"}`,
  from: { path: `^packages/${name}/` },
  to: { path: "^(packages|test|scripts)/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...arrowRules,
    {
      name: "arrow-unlisted",
      severity: "error",
      comment: "a new package needs its place in the arrow above",
      from: { path: "^packages/", pathNot: `^packages/(${Object.keys(arrow).join("|")})/` },
      to: {},
    },
    {
      name: "through-exports",
      severity: "error",
      comment: "another package is imported by its name, so that its exports map decides what can be seen",
      from: { path: "^(packages/[^/]+|test)/" },
      to: { path: "^packages/[^/]+/", pathNot: "^$1/", dependencyTypes: ["local"] },
    },
    {
      name: "own-dist",
      severity: "error",
      comment: "a source that imports its own package's build runs beside a second copy of itself",
      from: { path: "^packages/([^/]+)/src/", pathNot: TEST_FILE },
      to: { path: "^packages/$1/dist/" },
    },
    {
      name: "core-is-pure",
      severity: "error",
      comment: "core knows no thread, disk, network or timer: only built-ins that compute are let in",
      from: { path: "^packages/core/src/", pathNot: TEST_FILE },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(buffer|crypto)$" },
    },
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      comment: "not there, not linked, or not in the exports map",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared-dependencies",
      severity: "error",
      comment: "what a package imports stands in its own package.json, under dependencies",
      from: { path: SOURCE, pathNot: TEST_FILE },
      to: {
        // Another package of the workspace is linked only if it is declared, else no-unresolvable speaks.
        pathNot: "^packages/",
        dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev", "npm-optional", "unknown", "undetermined"],
      },
    },
    {
      name: "no-test-in-source",
      severity: "error",
      from: { path: SOURCE, pathNot: TEST_FILE },
      to: { path: TEST_FILE },
    },
  ],
  options: {
    doNotFollow: { path: "(^|/)(node_modules|dist)/" },
    tsConfig: { fileName: "tsconfig.test.json" },
    // Imports of types alone are imports too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".d.ts", ".json"],
    },
  },
};
