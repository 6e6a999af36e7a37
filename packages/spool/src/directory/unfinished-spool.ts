import { mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { SpoolConfigError } from "@rockspool/core";
import { readChecked, replaceFile, syncDirectory, writeChecked } from "@rockspool/worker";
import { makeDirectory } from "./layout.ts";

/** How an unfinished spool is made: its `origin.json`. */
export interface Origin {
  readonly command: string;
  /** The source's directory. */
  readonly source: string;
  readonly shards: number;
}

/**
 * A spool that is being made from another one. It gets its name once it is complete, so a spool under that name is
 * never partial:
 *
 *     <destination>.unfinished/origin.json    the command, its source and the number of shards
 *     <destination>.unfinished/spool/  ──rename──▶ <destination>
 *
 * An attempt with the same origin as an interrupted one starts from the beginning. Anything else in the place is left
 * untouched.
 */
export class UnfinishedSpool {
  /** The directory in which the spool is made. */
  readonly path: string;
  readonly #directory: string;
  readonly #destination: string;

  /** Throws a `SpoolConfigError` if the destination is not empty, or holds an attempt with another origin. */
  static async begin(
    destination: string,
    origin: Omit<Origin, "source"> & { source: string },
  ): Promise<UnfinishedSpool> {
    const to = resolve(destination);
    await makeDirectory(dirname(to));
    const real = join(await realpath(dirname(to)), basename(to));
    const source = await realpath(origin.source);
    if (`${real}${sep}`.startsWith(`${source}${sep}`))
      throw taken(destination, "it lies in the source, which is not changed");
    const unfinished = new UnfinishedSpool(real);
    await unfinished.#clear(destination, { ...origin, source });
    return unfinished;
  }

  private constructor(destination: string) {
    this.#destination = destination;
    this.#directory = `${destination}.unfinished`;
    this.path = join(this.#directory, "spool");
  }

  /** Gives the spool its name. It must be complete and closed. */
  async finish(): Promise<void> {
    await syncDirectory(this.path);
    await rename(this.path, this.#destination);
    await syncDirectory(dirname(this.#destination));
    await rm(this.#directory, { recursive: true });
  }

  async #clear(destination: string, origin: Origin): Promise<void> {
    const file = join(this.#directory, "origin.json");
    const found = (await readChecked(file).catch(() => ({}))) as Partial<Origin> | null;
    const names = await namesIn(this.#directory);
    const isOurs =
      found === null || Object.entries(origin).every(([key, value]) => found[key as keyof Origin] === value);
    if (!isOurs || (found === null && names?.includes("spool"))) {
      throw taken(destination, `${this.#directory} was left by something else: remove it, or choose another place`);
    }
    if (((await namesIn(this.#destination)) ?? []).length > 0) {
      // The last attempt was interrupted in `finish`, after the rename.
      if (found !== null && !names?.includes("spool")) await rm(this.#directory, { recursive: true });
      throw taken(destination, "something is there already");
    }
    await rm(this.path, { recursive: true, force: true });
    if (names === null) await mkdir(this.#directory, 0o755);
    await writeChecked(`${file}.new`, origin);
    await replaceFile(`${file}.new`, file);
  }
}

function taken(destination: string, why: string): SpoolConfigError {
  return new SpoolConfigError("destination", destination, why);
}

/** Null if there is no such directory. */
async function namesIn(path: string): Promise<string[] | null> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
