import { describeFrozenShard } from "./frozen-shard.ts";

/** `npm run soak` has ten times as long. */
describeFrozenShard(1000);
