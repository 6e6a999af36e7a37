import { engineSuite } from "./engine.suite.ts";
import { engineLifeSuite } from "./engine-life.suite.ts";
import * as memory from "./memory-engine.ts";
import * as rocksdb from "./rocksdb-engine.ts";

for (const [name, module] of Object.entries({ rocksdb, memory })) {
  engineSuite(name, module);
  engineLifeSuite(name, module);
}
