import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { Children } from "../run/children.ts";
import { Checkout } from "./checkout.ts";

/** A repository whose first commit can be built, and whose second cannot. */
function repository(): string {
  const root = temporaryDirectory();
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      cwd: root,
      encoding: "utf8",
    });
  git("init", "--quiet");
  mkdirSync(join(root, "scripts"));
  for (const script of ["require('fs').writeFileSync('built', 'yes')", "process.exit(1)"]) {
    writeFileSync(
      join(root, "scripts/setup.mjs"),
      `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
${script};`,
    );
    git("add", ".");
    git("commit", "--quiet", "-m", "a build");
  }
  return root;
}

function worktrees(root: string): number {
  return execFileSync("git", ["worktree", "list"], { cwd: root, encoding: "utf8" }).trim().split("\n").length;
}

describe("Checkout", () => {
  it("builds a commit in its own directory, and removes it", async () => {
    const root = repository();
    const directory = join(temporaryDirectory(), "checkout");
    const checkout = new Checkout(root, directory);
    expect(await checkout.build(new Children(), "HEAD~1")).toMatch(/^[0-9a-f]{7,}$/);
    expect(readFileSync(join(directory, "built"), "utf8")).toBe("yes");
    expect(checkout.rockspoolUrl).toBe(`file://${directory}/packages/spool/dist/index.js`);
    checkout.remove();
    expect([existsSync(directory), worktrees(root)]).toEqual([false, 1]);
  });

  it("removes a commit that cannot be built", async () => {
    const root = repository();
    const directory = join(temporaryDirectory(), "checkout");
    const checkout = new Checkout(root, directory);
    await expect(checkout.build(new Children(), "HEAD")).rejects.toThrow("code 1");
    checkout.remove();
    expect([existsSync(directory), worktrees(root)]).toEqual([false, 1]);
  });

  it("rejects an unknown commit, and has nothing to remove", async () => {
    const root = repository();
    const checkout = new Checkout(root, join(temporaryDirectory(), "checkout"));
    await expect(checkout.build(new Children(), "no-such-branch")).rejects.toThrow("no-such-branch");
    checkout.remove();
    expect(worktrees(root)).toBe(1);
  });
});
