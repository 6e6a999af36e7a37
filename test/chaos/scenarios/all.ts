import { flippedBits } from "./flipped-bit.ts";
import { killedThread } from "./killed-thread.ts";
import { missingSegments } from "./missing-segment.ts";
import { missingTables } from "./missing-table.ts";
import { removedDirectories } from "./removed-directory.ts";
import { restarts } from "./restart.ts";
import type { Scenario } from "./scenario.ts";
import { truncatedTables } from "./truncated-table.ts";

export const scenarios: readonly Scenario[] = [
  ...truncatedTables,
  ...flippedBits,
  ...missingTables,
  ...missingSegments,
  ...removedDirectories,
  ...restarts,
  killedThread,
];
