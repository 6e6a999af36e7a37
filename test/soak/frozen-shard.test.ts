import { describeFrozenShard } from "../durability/frozen-shard.ts";

describeFrozenShard(10_000);
