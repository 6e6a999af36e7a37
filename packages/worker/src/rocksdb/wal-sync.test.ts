import { appendFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { settled } from "../../test/inbox.ts";
import { diskError, type SyncRecorder } from "../../test/sync-recorder.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { WalSync } from "./wal-sync.ts";

const disk = await vi.hoisted(async () => new (await import("../../test/sync-recorder.ts")).SyncRecorder());

vi.mock(import("node:fs"), async (importOriginal) => (disk as SyncRecorder).mock(await importOriginal()));

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
  disk.reset();
});

function log(number: number): string {
  return join(directory, `${String(number).padStart(6, "0")}.log`);
}

function write(...numbers: readonly number[]): void {
  for (const number of numbers) appendFileSync(log(number), "record");
}

const keepAll = async (): Promise<number> => 0;

function openWal(fullSync = false): WalSync {
  const wal = new WalSync(directory, fullSync);
  onTestFinished(() => wal.close());
  return wal;
}

/** One whose logs were all synced once. */
async function syncedWal(...numbers: readonly number[]): Promise<WalSync> {
  write(...numbers);
  const wal = openWal();
  await wal.refresh(keepAll);
  await wal.sync();
  disk.take();
  return wal;
}

async function refusalOf(work: Promise<unknown>): Promise<SpoolEngineError> {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SpoolEngineError);
  return error as SpoolEngineError;
}

describe("which files are synced", () => {
  it("every log, the oldest first by its number, then the directory", async () => {
    write(1_000_002, 31, 4, 999_999);
    for (const other of ["LOG", "000005.sst", "MANIFEST-000003", "x000006.log", "000007.log.bak"]) {
      writeFileSync(join(directory, other), "other");
    }
    const wal = openWal();
    await wal.refresh(keepAll);
    await wal.sync();
    expect(disk.take()).toStrictEqual([
      "fdatasync 000004.log",
      "fdatasync 000031.log",
      "fdatasync 999999.log",
      "fdatasync 1000002.log",
      "fsync directory",
    ]);
  });

  it("the newest again each time; complete ones and the directory once", async () => {
    const wal = await syncedWal(4, 5, 6);
    for (let round = 0; round < 3; round++) {
      write(6);
      await wal.sync();
      expect(disk.take()).toStrictEqual(["fdatasync 000006.log"]);
    }
  });

  it("with a new log: the one before it a last time, the new one, and the directory for its name", async () => {
    const wal = await syncedWal(4);
    for (const number of [5, 9]) {
      write(number);
      await wal.refresh(keepAll);
      await wal.sync();
      const before = number === 5 ? 4 : 5;
      expect(disk.take()).toStrictEqual([
        `fdatasync 00000${before}.log`,
        `fdatasync 00000${number}.log`,
        "fsync directory",
      ]);
      await wal.sync();
      expect(disk.take()).toStrictEqual([`fdatasync 00000${number}.log`]);
    }
  });

  it("with fsync where that is asked for", async () => {
    write(4, 5);
    const wal = openWal(true);
    await wal.refresh(keepAll);
    await wal.sync();
    expect(disk.take()).toStrictEqual(["fsync 000004.log", "fsync 000005.log", "fsync directory"]);
  });

  it("one after another: the next only when the one before is on the disk", async () => {
    write(4, 5);
    const wal = openWal();
    await wal.refresh(keepAll);
    const release: (() => void)[] = [];
    disk.before = () => new Promise((resolve) => release.push(resolve));
    let done = false;
    const syncing = wal.sync().then(() => {
      done = true;
    });
    for (const call of ["fdatasync 000004.log", "fdatasync 000005.log", "fsync directory"]) {
      await expect.poll(() => release.length).toBe(1);
      expect([disk.take(), done]).toStrictEqual([[call], false]);
      release.pop()?.();
    }
    await syncing;
  });

  it("through the descriptor that was opened when the log appeared, none is opened later", async () => {
    write(4, 5);
    const wal = openWal();
    await wal.refresh(keepAll);
    const { opened } = disk;
    await wal.sync();
    await wal.refresh(keepAll);
    await wal.sync();
    expect(disk.opened).toBe(opened);
  });
});

describe("a log that went away", () => {
  it("because it was flushed to a table needs no sync", async () => {
    const wal = await syncedWal(4, 5);
    unlinkSync(log(4));
    write(6);
    await wal.refresh(async () => 5);
    await wal.sync();
    expect(disk.take()).toStrictEqual(["fdatasync 000005.log", "fdatasync 000006.log", "fsync directory"]);
    expect([...disk.open.values()]).not.toContain("000004.log");
  });

  it("and one that is older than what is needed is not looked at", async () => {
    write(4, 5, 6);
    const wal = openWal();
    await wal.refresh(async () => 6);
    await wal.sync();
    expect(disk.take()).toStrictEqual(["fdatasync 000006.log", "fsync directory"]);
  });

  it("while it was needed is an i/o error, for this call and each later one, whatever comes back", async () => {
    const wal = await syncedWal(4, 5);
    unlinkSync(log(4));
    const error = await refusalOf(wal.refresh(async () => 4));
    expect(error).toMatchObject({ kind: "io", path: directory });
    expect(error.message).toBe("WAL sync failed: 000004.log was removed while it was needed");
    write(4);
    expect(await refusalOf(wal.sync())).toBe(error);
    expect(disk.take()).toStrictEqual([]);
  });

  it("while the sync before it runs does no harm: it is in a table by then", async () => {
    write(4, 5, 6);
    const wal = openWal();
    await wal.refresh(keepAll);
    let release = (): void => {};
    disk.before = (call) => {
      if (call !== "fdatasync 000004.log") return;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    const syncing = wal.sync();
    await settled();
    unlinkSync(log(4));
    unlinkSync(log(5));
    await wal.refresh(async () => 6);
    release();
    await syncing;
    expect(disk.take()).toStrictEqual(["fdatasync 000004.log", "fdatasync 000006.log", "fsync directory"]);
    expect([...disk.open.values()].filter((name) => name.endsWith(".log"))).toStrictEqual(["000006.log"]);
    await wal.sync();
    expect(disk.take()).toStrictEqual(["fdatasync 000006.log"]);
  });
});

it("a log that appears while the directory is synced has the directory synced once more", async () => {
  write(4);
  const wal = openWal();
  await wal.refresh(keepAll);
  disk.before = async (call) => {
    if (call !== "fsync directory") return;
    disk.before = () => {};
    write(5);
    await wal.refresh(keepAll);
  };
  await wal.sync();
  disk.take();
  await wal.sync();
  expect(disk.take()).toStrictEqual(["fdatasync 000004.log", "fdatasync 000005.log", "fsync directory"]);
});

describe("a sync that fails", () => {
  it.each(["fdatasync 000004.log", "fdatasync 000005.log", "fsync directory"])("is final: %s", async (failing) => {
    write(4, 5);
    const wal = openWal();
    await wal.refresh(keepAll);
    const cause = diskError();
    disk.before = (call) => {
      if (call === failing) throw cause;
    };
    const error = await refusalOf(wal.sync());
    expect(error).toMatchObject({ kind: "io", path: directory, cause, message: "WAL sync failed: input/output error" });
    expect(disk.take().at(-1)).toBe(failing);
    disk.before = () => {};
    write(6);
    await wal.refresh(keepAll);
    for (let again = 0; again < 2; again++) expect(await refusalOf(wal.sync())).toBe(error);
    expect(disk.take()).toStrictEqual([]);
  });

  it("does not make the log known to be on the disk", async () => {
    const wal = await syncedWal(4);
    write(4);
    disk.before = () => {
      throw diskError();
    };
    await refusalOf(wal.sync());
    expect(wal.evidence).toStrictEqual([{ number: 4, bytes: "record".length }]);
  });
});

describe("what is known to be on the disk", () => {
  const RECORD_BYTES = "record".length;

  it("is nothing at first, then what each log held when its sync began", async () => {
    write(4, 5, 5);
    const wal = openWal();
    await wal.refresh(keepAll);
    expect(wal.evidence).toStrictEqual([]);
    disk.before = (call) => {
      if (call === "fdatasync 000005.log") write(5);
    };
    await wal.sync();
    expect(statSync(log(5)).size).toBe(3 * RECORD_BYTES);
    expect(wal.evidence).toStrictEqual([
      { number: 4, bytes: RECORD_BYTES },
      { number: 5, bytes: 2 * RECORD_BYTES },
    ]);
  });

  it("is no log whose name is not: a power cut may take it whole", async () => {
    const wal = await syncedWal(4);
    write(5);
    await wal.refresh(keepAll);
    const known: unknown[] = [];
    disk.before = () => void known.push(wal.evidence);
    await wal.sync();
    const before = [{ number: 4, bytes: RECORD_BYTES }];
    expect(known, "before each sync of a log, and before that of the directory").toStrictEqual(known.map(() => before));
    expect(wal.evidence).toStrictEqual([...before, { number: 5, bytes: RECORD_BYTES }]);
  });

  it("is of the live logs only", async () => {
    const wal = await syncedWal(4, 5);
    unlinkSync(log(4));
    await wal.refresh(async () => 5);
    expect(wal.evidence).toStrictEqual([{ number: 5, bytes: RECORD_BYTES }]);
  });
});

describe("closing", () => {
  it("closes every descriptor, and those of others stay open when it is done twice", async () => {
    const before = disk.open.size;
    write(4, 5);
    const wal = new WalSync(directory, false);
    await wal.refresh(keepAll);
    expect(disk.open.size).toBe(before + 3);
    wal.close();
    expect(disk.open.size).toBe(before);
    expect(() => wal.close()).not.toThrow();
  });
});
