import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Records what a process does to the files below a directory, with a library preloaded before libc. RocksDB's addon and
 * Node both call libc by name, so every call is recorded. A missing call shows when the journal is replayed to its end
 * and compared with the directory (`power-cut.ts` does that).
 */
const SOURCE = fileURLToPath(new URL("./recorder.c", import.meta.url));

/** Why there can be no recorder on this machine; null where there can. */
export const noRecorder: string | null = reason();

function reason(): string | null {
  if (process.platform !== "linux") return "it records Linux's calls only";
  return spawnSync("gcc", ["--version"]).status === 0 ? null : "there is no gcc to compile it with";
}

/** Compiles the recorder into `directory`. */
export async function compileRecorder(directory: string): Promise<string> {
  const library = join(directory, "recorder.so");
  await promisify(execFile)("gcc", [
    "-shared",
    "-fPIC",
    "-O2",
    "-Wall",
    "-Werror",
    "-o",
    library,
    SOURCE,
    "-ldl",
    "-lpthread",
  ]);
  return library;
}

/** The nth call of a kind on files whose name matches a pattern of the shell's fails, once. */
export interface Fault {
  readonly call: "write" | "sync" | "create" | "rename";
  readonly files: string;
  readonly nth: number;
  readonly code: "EIO" | "ENOSPC";
}

const ERRNO = { EIO: 5, ENOSPC: 28 };

/** Tables that take their time, so that much depends on the message log. */
const SLOW_TABLES = "*.sst 40";

/** The environment of a process that is recorded: what it does below `root`, into `journal`. */
export function recorded(library: string, root: string, journal: string, fault?: Fault): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: library,
    RECORDER_ROOT: root,
    RECORDER_JOURNAL: journal,
    ...(fault && { RECORDER_FAULT: `${fault.call} ${fault.files} ${fault.nth} ${ERRNO[fault.code]}` }),
    RECORDER_SLOW: SLOW_TABLES,
    // Calls that go through io_uring pass by libc.
    UV_USE_IO_URING: "0",
  };
}
