/** What only the files of a RocksDB need: how much of them is on the disk, and which are missing from the directory. */
export interface EngineFiles {
  /** The live logs, and how many bytes of each are known to be on the disk. */
  readonly logs: readonly LogBytes[];
  /** What is on the disk now, for the mark: the next open compares. */
  evidence(): Promise<Evidence>;
  /** Files that the shard needs and that are missing from its directory. */
  missingFiles(): Promise<string[]>;
  /** Writes missing files anew while their content can still be read. The first failure ends it. */
  restore(missing: readonly string[]): Promise<void>;
  /** The spool is being removed: from now on `close()` restores no missing file and does not reject for one. */
  stopRestoring(): void;
}

/**
 * What a shard's directory held when its mark was written. MANIFEST and logs only grow, and a log is removed only when
 * its content is in a table and the MANIFEST says so. A directory that holds less has lost something, even where
 * RocksDB opens it without an error (a MANIFEST cut at a record's end; an older log missing while a newer one is
 * there).
 */
export interface Evidence {
  readonly manifest: { readonly name: string; readonly bytes: number };
  /** The logs that were live. */
  readonly logs: readonly (LogBytes & {
    /**
     * Bytes synced before the mark's batch was written. Damage inside them also drops that batch, so it is detected;
     * damage beyond is not. Absent in a mark that does not say it,
     * which means 0.
     */
    readonly syncedBeforeBytes?: number;
  })[];
}

export interface LogBytes {
  readonly number: number;
  /** How much of the log was on the disk. */
  readonly bytes: number;
}
