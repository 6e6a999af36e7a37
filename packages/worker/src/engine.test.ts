import { engineSuite } from "./engine.suite.ts";
import type { EngineModule } from "./engine.ts";
import { engineLifeSuite } from "./engine-life.suite.ts";
import { openFaultEngine } from "./fault-engine.ts";
import { createFaultMemory } from "./fault-memory.ts";
import { engineUrls } from "./index.ts";
import * as memory from "./memory-engine.ts";
import * as rocksdb from "./rocksdb-engine.ts";

const overMemory = { engine: engineUrls.memory.href.replace("/src/", "/dist/"), memory: createFaultMemory(1) };
const fault: EngineModule = { openEngine: (path, options) => openFaultEngine(overMemory, path, options) };

for (const [name, module] of Object.entries({ rocksdb, memory, fault })) {
  engineSuite(name, module);
  engineLifeSuite(name, module);
}
