import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { type Mark, readMark, writeMark } from "./mark.ts";

/** The calls that writing a mark makes, in order. Calls that begin with `failing` fail. */
const disk = vi.hoisted(() => ({ calls: [] as string[], failing: null as string | null }));

vi.mock(import("node:fs/promises"), async (importOriginal) => {
  const real = await importOriginal();
  const called = (what: string): void => {
    disk.calls.push(what);
    if (what.startsWith(disk.failing ?? "nothing")) throw Object.assign(new Error(`${what} failed`), { code: "EIO" });
  };
  const open: typeof real.open = async (path, flags) => {
    const name = String(path)
      .split("/")
      .at(-1)
      ?.replace(/^rockspool-worker-.*/, "directory");
    const file = await real.open(path, flags);
    const sync = file.sync.bind(file);
    const write = file.writeFile.bind(file);
    file.sync = async () => {
      called(`sync ${name}`);
      await sync();
    };
    file.writeFile = async (...args) => {
      called(`write ${name}`);
      await write(...args);
    };
    return file;
  };
  const rename: typeof real.rename = async (from, to) => {
    called("rename");
    await real.rename(from, to);
  };
  return { ...real, open, rename, default: { ...real, open, rename } };
});

const MARK: Mark = {
  batch: 123_456,
  evidence: {
    manifest: { name: "MANIFEST-000005", bytes: 1_234 },
    logs: [
      { number: 4, bytes: 1 },
      { number: 8, bytes: 0 },
    ],
  },
};

let directory: string;
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, "shard-000.mark");
  disk.calls.length = 0;
  disk.failing = null;
});

/** The line with a valid checksum. */
function withChecksum(line: string): string {
  return `${line}\n${crc32(line).toString(16).padStart(8, "0")}\n`;
}

describe("a mark", () => {
  it("reads back as it was written", async () => {
    const anyBytes = fc.nat(2 ** 40);
    const anyEvidence = fc.record(
      {
        manifest: fc.record({ name: fc.string({ unit: "binary" }), bytes: anyBytes }, { noNullPrototype: true }),
        logs: fc.array(
          fc.record(
            { number: fc.nat(), bytes: anyBytes, syncedBeforeBytes: anyBytes },
            { noNullPrototype: true, requiredKeys: ["number", "bytes"] },
          ),
          { maxLength: 5 },
        ),
      },
      { noNullPrototype: true },
    );
    const anyBatch = fc.maxSafeNat();
    await fc.assert(
      fc.asyncProperty(anyBatch, fc.option(anyEvidence), async (batch, evidence) => {
        await writeMark(path, { batch, evidence });
        expect(await readMark(path)).toStrictEqual({ batch, evidence });
      }),
      { numRuns: 30 },
    );
    expect(readdirSync(directory)).toStrictEqual(["shard-000.mark"]);
  });

  it("reads as null if the file is missing", async () => {
    expect(await readMark(path)).toBeNull();
  });

  it("is a line of JSON, then a line with its CRC-32", async () => {
    await writeMark(path, { batch: 7, evidence: null });
    expect(readFileSync(path, "utf8")).toBe(withChecksum('{"version":1,"batch":7,"evidence":null}'));
  });

  it("has the bytes synced before its batch as `vouchedBytes`, a name from earlier versions", async () => {
    const manifest = { name: "MANIFEST-000005", bytes: 424 };
    const logs = [
      { number: 8, bytes: 270_336, syncedBeforeBytes: 270_305 },
      { number: 9, bytes: 0, syncedBeforeBytes: 0 },
      { number: 10, bytes: 12 },
    ];
    await writeMark(path, { batch: 260, evidence: { manifest, logs } });
    const line =
      '{"version":1,"batch":260,"evidence":{"manifest":{"name":"MANIFEST-000005","bytes":424},"logs":[' +
      '{"number":8,"bytes":270336,"vouchedBytes":270305},{"number":9,"bytes":0,"vouchedBytes":0},' +
      '{"number":10,"bytes":12}]}}';
    expect(readFileSync(path, "utf8")).toBe(withChecksum(line));
    expect(await readMark(path)).toStrictEqual({ batch: 260, evidence: { manifest, logs } });
  });

  it("of an earlier version is read", async () => {
    const line =
      '{"version":1,"batch":260,"evidence":{"manifest":{"name":"MANIFEST-000005","bytes":424},' +
      '"logs":[{"number":8,"bytes":270336,"vouchedBytes":270305}]}}';
    writeFileSync(path, withChecksum(line));
    expect(await readMark(path)).toStrictEqual({
      batch: 260,
      evidence: {
        manifest: { name: "MANIFEST-000005", bytes: 424 },
        logs: [{ number: 8, bytes: 270_336, syncedBeforeBytes: 270_305 }],
      },
    });
  });
});

describe("writing a mark", () => {
  it("syncs the file before the rename, and the directory after", async () => {
    await writeMark(path, MARK);
    const temporary = "shard-000.mark.tmp";
    expect(disk.calls).toStrictEqual([`write ${temporary}`, `sync ${temporary}`, "rename", "sync directory"]);
  });

  it("leaves no temporary file, not even one from an earlier crash", async () => {
    writeFileSync(`${path}.tmp`, "half a ma");
    await writeMark(path, MARK);
    expect(readdirSync(directory)).toStrictEqual(["shard-000.mark"]);
    expect(await readMark(path)).toStrictEqual(MARK);
  });

  it.each(["write", "sync shard-000.mark.tmp", "rename"])(
    "rejects if a call fails and keeps the old mark: %s",
    async (call) => {
      await writeMark(path, MARK);
      disk.failing = call;
      await expect(writeMark(path, { batch: 200_000, evidence: null })).rejects.toMatchObject({ code: "EIO" });
      expect(await readMark(path)).toStrictEqual(MARK);
    },
  );

  it("rejects if the directory cannot be synced: the rename may be lost", async () => {
    disk.failing = "sync directory";
    await expect(writeMark(path, MARK)).rejects.toMatchObject({ code: "EIO" });
  });

  it("rejects if the directory is missing", async () => {
    await expect(writeMark(join(directory, "missing", "shard-000.mark"), MARK)).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("reading a damaged mark throws, and never returns another mark", () => {
  let whole: Buffer;

  beforeEach(async () => {
    await writeMark(path, MARK);
    whole = readFileSync(path);
  });

  it("cut anywhere", async () => {
    // The final line break carries no information.
    for (let length = 0; length < whole.byteLength - 1; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(readMark(path), `${length} bytes`).rejects.toThrow("its checksum does not match its content");
    }
  });

  it("one bit flipped anywhere", async () => {
    for (let at = 0; at < whole.byteLength; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const read = await readMark(path).catch((error: Error) => error);
      if (at < whole.byteLength - 1) expect(read, `byte ${at}`).toBeInstanceOf(Error);
      else if (!(read instanceof Error)) expect(read).toStrictEqual(MARK);
    }
  });

  it.each([
    ["nothing", ""],
    ["zeros", "\0".repeat(200)],
    ["text", "what is this"],
    ["binary", "\u00ff\u0000\u0001"],
    ["JSON without a checksum", '{"version":1,"batch":1,"evidence":null}\n'],
    ["a wrong checksum", '{"version":1,"batch":1,"evidence":null}\n00000000\n'],
    ["a valid checksum over text that is not JSON", withChecksum("batch 7")],
    ["a valid checksum over JSON that is not an object", withChecksum("null")],
  ])("garbage: %s", async (_, content) => {
    writeFileSync(path, content);
    await expect(readMark(path)).rejects.toThrow();
  });

  it("an unknown version, which the error names", async () => {
    writeFileSync(path, withChecksum('{"version":2,"batch":7,"evidence":null}'));
    await expect(readMark(path)).rejects.toThrow("it has version 2, and only 1 is known here");
  });

  it("a directory in its place", async () => {
    const other = join(directory, "other.mark");
    mkdirSync(other);
    await expect(readMark(other)).rejects.toMatchObject({ code: "EISDIR" });
  });
});
