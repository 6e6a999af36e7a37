// @ts-check
// Makes a fresh clone ready to run. It needs Node and npm and nothing else, so it imports only what Node brings.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isMain, report, root, run } from "./run.mjs";

/** The newest pnpm that runs on the oldest Node we support. */
const PNPM = "pnpm@10.34.9";
const OLDEST_NODE = [20, 15];

const lockfile = `${root}pnpm-lock.yaml`;
/** Holds the hash of the lockfile that node_modules was installed from. */
const stamp = `${root}node_modules/.rockspool-lockfile`;

const failed = (/** @type {string} */ output) => ({ ok: false, output });

/** @returns {Promise<boolean>} whether everything is installed and built */
export async function setup() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    console.log(`rockspool needs Node ${OLDEST_NODE.join(".")} or newer, this is ${process.versions.node}`);
    return false;
  }
  if (!isInstalled() && !(await report("install", install))) return false;
  if (!hasLibatomic() && !(await report("libatomic", provideLibatomic))) return false;
  return report("build", () => run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"]));
}

function lockfileHash() {
  return createHash("sha256").update(readFileSync(lockfile)).digest("hex");
}

function isInstalled() {
  const folders = ["test", ...readdirSync(`${root}packages`).map((name) => `packages/${name}`)];
  const missing = folders.some((folder) => {
    return existsSync(`${root}${folder}/package.json`) && !existsSync(`${root}${folder}/node_modules`);
  });
  return !missing && existsSync(stamp) && readFileSync(stamp, "utf8") === lockfileHash();
}

async function install() {
  // With CI set, pnpm replaces a node_modules that does not fit instead of asking.
  const env = { ...process.env, CI: "true" };
  const result = await run("npx", ["--yes", PNPM, "install", "--frozen-lockfile"], { env });
  if (result.ok) writeFileSync(stamp, lockfileHash());
  return result;
}

/** rocksdb-native links to libatomic.so.1, which a slim Linux image does not have. */
function hasLibatomic() {
  if (process.platform !== "linux") return true;
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const folders = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", `/lib/${triplet}`, `/usr/lib/${triplet}`];
  return folders.some((folder) => existsSync(`${folder}/libatomic.so.1`));
}

async function provideLibatomic() {
  // It may lie where we did not look: loading the addon is the proof.
  const load = () => run(process.execPath, ["-e", 'require("rocksdb-native")'], { cwd: `${root}packages/worker` });
  const first = await load();
  if (first.ok) return first;
  if (!first.output.includes("libatomic")) return first;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    return failed(
      "rocksdb-native needs libatomic.so.1: install libatomic1 (Debian, Ubuntu) or libatomic (Fedora, Alpine)",
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = () => run("apt-get", ["install", "-y", "--no-install-recommends", "libatomic1"], { env });
  let installed = await apt();
  if (!installed.ok) {
    // A fresh image has no package lists.
    await run("apt-get", ["update"], { env });
    installed = await apt();
  }
  return installed.ok ? load() : installed;
}

if (isMain(import.meta.url)) {
  process.exitCode = (await setup()) ? 0 : 1;
}
