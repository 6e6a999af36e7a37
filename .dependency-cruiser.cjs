// The arrow: core <- worker <- rockspool <- cli <- bench. A package resolves to another one's dist through
// node_modules, so a path in packages/<other> is an import of <other>, whether by name or by a relative path.

const TEST_FILE = "\\.test\\.ts$";
const SOURCE = "^packages/[^/]+/src/";

/** What a folder of packages/ may import of the others. */
const arrow = {
  core: [],
  worker: ["core"],
  spool: ["core", "worker"],
  cli: ["spool"],
  bench: ["core", "spool", "cli"],
};

const arrowRules = Object.entries(arrow).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  severity: "error",
  comment: `packages/${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no other package"}`,
  from: { path: `^packages/${name}/` },
  to: { path: "^(packages|test|scripts)/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
}));

/**
 * The folders of each package's sources, lowest layer first; "." stands for the files directly in src. A file may
 * import from its own layer and from those before it. Entry points export from all layers.
 */
const layers = {
  core: [".", "frames", "status", "options"],
  worker: [
    "protocol",
    "files",
    "engine",
    "raw",
    "rocksdb",
    "index-scan",
    "log",
    "store",
    "lanes",
    "shard",
    "maintenance",
    ".",
  ],
  spool: [
    "aborts",
    "operations",
    "admission",
    "lanes",
    "directory",
    "threads",
    "shards",
    "monitor",
    "metrics",
    "data-path",
    ".",
    "maintenance",
    "testing",
  ],
};
const ENTRY_POINT = "^packages/[^/]+/src/(index|internals|testing)\\.ts$";

const layerRules = Object.entries(layers).flatMap(([name, folders]) => {
  const pathOf = (folder) => `^packages/${name}/src/${folder === "." ? "[^/]+$" : `${folder}/`}`;
  return folders.slice(0, -1).map((folder, at) => ({
    name: `layer-${name}-${folder === "." ? "top" : folder}`,
    severity: "error",
    comment: `packages/${name}/src/${folder} may import only ${folders.slice(0, at + 1).join(", ")}`,
    from: { path: pathOf(folder), pathNot: [TEST_FILE, ENTRY_POINT] },
    to: { path: folders.slice(at + 1).map(pathOf) },
  }));
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...arrowRules,
    ...layerRules,
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
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(buffer|crypto|zlib)$" },
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
      to: { path: `${TEST_FILE}|^packages/[^/]+/test/` },
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
