import { readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { OLD_INFO_LOG_PREFIX } from "../files/file-names.ts";

/**
 * RocksDB keeps 1,000 old LOG files, KumoMTA keeps 10 (`set_keep_log_file_num`). rocksdb-native does not have the
 * option.
 */
const KEPT_OLD_INFO_LOGS = 10;

/** Deletes all but the newest of the LOG files that RocksDB has set aside. */
export function removeOldInfoLogs(directory: string): void {
  const old = readdirSync(directory)
    .filter((name) => name.startsWith(OLD_INFO_LOG_PREFIX))
    .map((name) => join(directory, name))
    .map((path) => ({ path, modifiedMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs);
  for (const { path } of old.slice(KEPT_OLD_INFO_LOGS)) unlinkSync(path);
}
