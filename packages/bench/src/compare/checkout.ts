import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Children } from "../run/children.ts";

/** Another commit of this repository, installed and built in a directory of its own. */
export class Checkout {
  readonly #root: string;
  readonly #directory: string;

  /** `directory` is made by `build`. */
  constructor(root: string, directory: string) {
    this.#root = root;
    this.#directory = directory;
  }

  /** Of its `rockspool`. */
  get rockspoolUrl(): string {
    return pathToFileURL(join(this.#directory, "packages/spool/dist/index.js")).href;
  }

  /** Resolves to the commit's short name. Rejects where there is no such commit, or it cannot be built. */
  async build(children: Children, ref: string): Promise<string> {
    const named = await children.program("git", ["rev-parse", "--short", "--verify", `${ref}^{commit}`], this.#root);
    const commit = named.trim();
    await children.program("git", ["worktree", "add", "--quiet", "--detach", this.#directory, commit], this.#root);
    await children.program(process.execPath, ["scripts/setup.mjs"], this.#directory);
    return commit;
  }

  /** Removes the directory, and what git remembers of it, whatever was made of it. */
  remove(): void {
    if (!existsSync(this.#directory)) return;
    execFileSync("git", ["worktree", "remove", "--force", this.#directory], { cwd: this.#root, stdio: "ignore" });
  }
}
