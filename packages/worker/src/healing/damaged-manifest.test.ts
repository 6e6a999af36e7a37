import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { flipByte, manifestOf } from "../../test/damage.ts";
import { listing } from "../../test/temporary-directory.ts";
import { expectBoth, newShard, open, openWithBoth, restored } from "../../test/two-message-shard.ts";
import type { Engine } from "../engine/engine.ts";
import { putBackManifest, withoutDamagedManifest } from "./damaged-manifest.ts";

let path: string;

beforeEach(() => {
  path = newShard();
});

describe("CURRENT that is damaged under an open shard", () => {
  it.each([
    ["is empty", ""],
    ["is cut", "MANIFEST"],
    ["has no end", "MANIFEST-000005"],
    ["names what is not there", "MANIFEST-000099\n"],
    ["names what is no MANIFEST", "000009.sst\n"],
    ["is garbage", "\0\xff\n".repeat(100)],
  ])("counts as missing, and is written anew: %s", async (_, text) => {
    const { engine } = await openWithBoth(path);
    const current = join(path, "CURRENT");
    const content = readFileSync(current, "utf8");
    writeFileSync(current, text);
    expect(await engine.files?.missingFiles()).toEqual(["CURRENT"]);
    expect(await restored(engine)).toEqual([]);
    expect(readFileSync(current, "utf8")).toBe(content);
    await engine.close();
    await expectBoth(await open(path, "existing"));
  });
});

describe("a MANIFEST that RocksDB has begun since the shard was opened", () => {
  /** As RocksDB leaves it, but that the one it has open is another. */
  async function openWithSecond(): Promise<{ engine: Engine; first: string; second: string }> {
    const { engine } = await openWithBoth(path);
    await engine.files?.evidence();
    const first = manifestOf(path);
    const second = join(path, "MANIFEST-000099");
    copyFileSync(first, second);
    writeFileSync(join(path, "CURRENT"), `${basename(second)}\n`);
    return { engine, first, second };
  }

  it("is the one that is missed, and not the one before it", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    expect(await engine.files?.missingFiles()).toEqual([]);
    unlinkSync(second);
    expect(await engine.files?.missingFiles()).toEqual([basename(second)]);
  });

  it("is what CURRENT names when it is written anew", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    await engine.files?.missingFiles();
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(second);
  });

  it("is found where CURRENT went before anybody had looked", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(second);
  });

  it.each<[string, (first: string, second: string) => void]>([
    ["none is there", (first, second) => [first, second].map((file) => unlinkSync(file))],
    ["there are two", () => {}],
    ["it is not whole", (first, second) => [unlinkSync(first), flipByte(second, 20)]],
    ["it is empty", (first, second) => [unlinkSync(first), truncateSync(second)]],
  ])("is not guessed: where %s no CURRENT is written", async (_, change) => {
    const { engine, first, second } = await openWithSecond();
    change(first, second);
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toContain("CURRENT");
    expect(existsSync(join(path, "CURRENT"))).toBe(false);
  });

  it("has a higher number: a CURRENT that names an older one is damaged", async () => {
    const { engine } = await openWithBoth(path);
    const manifest = manifestOf(path);
    copyFileSync(manifest, join(path, "MANIFEST-000001"));
    writeFileSync(join(path, "CURRENT"), "MANIFEST-000001\n");
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(manifest);
  });
});

it.each(["CURRENT", "the MANIFEST"])(
  "a close that leaves the shard without %s does not look like one that went well",
  async (what) => {
    const { engine } = await openWithBoth(path);
    const manifest = manifestOf(path);
    unlinkSync(join(path, "CURRENT"));
    // RocksDB writes both anew where its MANIFEST is gone: not where a directory is in the way.
    if (what === "the MANIFEST") {
      mkdirSync(join(path, "CURRENT"));
      unlinkSync(manifest);
    }
    await expect(engine.close()).rejects.toMatchObject({ kind: "io", path });
  },
);

it("a CURRENT that cannot be read is not missing, and is left alone", async () => {
  const { engine } = await openWithBoth(path);
  const current = join(path, "CURRENT");
  unlinkSync(current);
  symlinkSync("CURRENT", current);
  await expect(engine.files?.missingFiles()).rejects.toMatchObject({ message: expect.stringContaining("ELOOP"), path });
  await engine.close().catch(() => {});
  expect(readlinkSync(current)).toBe("CURRENT");
});

it("a mark is never made of a CURRENT that names no MANIFEST", async () => {
  const { engine } = await openWithBoth(path);
  for (const text of ["", "MANIFEST", "000009.sst\n"]) {
    writeFileSync(join(path, "CURRENT"), text);
    await expect(engine.files?.evidence()).rejects.toMatchObject({ kind: "corruption", path });
  }
});

describe("a MANIFEST that was cut or damaged under an open shard", () => {
  it("counts as missing until the shard is closed, which writes another", async () => {
    const { engine } = await openWithBoth(path);
    await engine.files?.evidence();
    const manifest = manifestOf(path);
    truncateSync(manifest, Math.floor(statSync(manifest).size / 2));
    expect(await restored(engine)).toEqual([basename(manifest)]);
    await engine.close();
    expect(manifestOf(path)).not.toBe(manifest);
    await expectBoth(await open(path, "existing"));
  });

  it("is written anew as well where it is as long as it was, and damaged", async () => {
    const { engine } = await openWithBoth(path);
    const manifest = manifestOf(path);
    flipByte(manifest, Math.floor(statSync(manifest).size / 2));
    await engine.close();
    expect(manifestOf(path)).not.toBe(manifest);
    expect(readdirSync(path).filter((name) => /MANIFEST/.test(name))).toEqual([basename(manifestOf(path))]);
    await expectBoth(await open(path, "existing"));
  });

  it("is put back where RocksDB, because it had failed on it before, writes no other", async () => {
    const { engine } = await openWithBoth(path);
    await engine.close();
    const manifest = manifestOf(path);
    flipByte(manifest, statSync(manifest).size - 1);
    const content = readFileSync(manifest);
    const damaged = { name: basename(manifest), bytes: 0 };
    await withoutDamagedManifest(path, damaged, async () => {
      expect(existsSync(manifest)).toBe(false);
    });
    expect(readFileSync(manifest).equals(content)).toBe(true);
    const failing = withoutDamagedManifest(path, damaged, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(readFileSync(manifest).equals(content)).toBe(true);
  });

  it("is put back before the next open where the process died meanwhile", async () => {
    const { engine } = await openWithBoth(path);
    await engine.close();
    const manifest = manifestOf(path);
    flipByte(manifest, statSync(manifest).size - 1);
    const content = readFileSync(manifest);
    const died = `${path}.died`;
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      cpSync(path, died, { recursive: true });
    });
    await putBackManifest(died);
    expect(readFileSync(manifestOf(died)).equals(content)).toBe(true);
    expect(readdirSync(died).sort()).toEqual(readdirSync(path).sort());
  });

  it("is not put back over another, nor where CURRENT names none", async () => {
    const { engine } = await openWithBoth(path);
    await engine.close();
    writeFileSync(join(path, `.rockspool-${basename(manifestOf(path))}`), "old");
    const whole = listing(path);
    await putBackManifest(path);
    expect(listing(path)).toStrictEqual(whole);
    writeFileSync(join(path, "CURRENT"), "");
    const damaged = listing(path);
    await putBackManifest(path);
    expect(listing(path)).toStrictEqual(damaged);
  });

  it("is not touched where it cannot be read: it may be whole", async () => {
    const { engine } = await openWithBoth(path);
    await engine.close();
    const manifest = manifestOf(path);
    unlinkSync(manifest);
    // Reading it fails with EISDIR, as it does with EIO on a disk that fails.
    mkdirSync(manifest);
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      expect(existsSync(manifest)).toBe(true);
    });
    expect(existsSync(manifest)).toBe(true);
  });

  it("is not touched where it is whole", async () => {
    const { engine } = await openWithBoth(path);
    await engine.close();
    const manifest = manifestOf(path);
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      expect(existsSync(manifest)).toBe(true);
    });
  });

  it("may be longer than it is known to be", async () => {
    const { engine } = await openWithBoth(path);
    await engine.files?.evidence();
    await engine.flush();
    expect(await engine.files?.missingFiles()).toEqual([]);
  });
});
