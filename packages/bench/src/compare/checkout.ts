import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Runner } from "../run/runner.ts";
import { UserError } from "../user-error.ts";

/** Another commit of this repository, in a git worktree that is installed and built. */
export class Checkout {
  readonly #root: string;
  readonly #directory: string;

  /** `build` makes `directory`. */
  constructor(root: string, directory: string) {
    this.#root = root;
    this.#directory = directory;
  }

  /** The URL of its `rockspool` module. */
  get rockspoolUrl(): string {
    return pathToFileURL(join(this.#directory, "packages/spool/dist/index.js")).href;
  }

  /** Resolves to the abbreviated hash of the commit. Rejects if there is no such commit, or it cannot be built. */
  async build(runner: Runner, ref: string): Promise<string> {
    const commit = await this.#commit(runner, ref);
    await runner.program("git", ["worktree", "add", "--quiet", "--detach", this.#directory, commit], this.#root);
    await runner.program(process.execPath, ["scripts/setup.mjs"], this.#directory);
    return commit;
  }

  /** Removes the worktree, also after a failed build. */
  remove(): void {
    if (!existsSync(this.#directory)) return;
    execFileSync("git", ["worktree", "remove", "--force", this.#directory], { cwd: this.#root, stdio: "ignore" });
  }

  async #commit(runner: Runner, ref: string): Promise<string> {
    const args = ["rev-parse", "--short", "--verify", "--end-of-options", `${ref}^{commit}`];
    try {
      return (await runner.program("git", args, this.#root)).trim();
    } catch (error) {
      throw new UserError(`${ref} is not a commit of this repository`, { cause: error });
    }
  }
}
