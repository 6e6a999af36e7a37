import { engineDataConformance } from "../../test/conformance/engine-data.ts";
import { engineLifecycleConformance } from "../../test/conformance/engine-lifecycle.ts";
import { engineUrls } from "../index.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import type { EngineModule } from "./engine.ts";
import { openFaultEngine } from "./fault-engine.ts";
import { createFaultMemory } from "./fault-memory.ts";
import * as memory from "./memory-engine.ts";

const overMemory = { engine: engineUrls.memory.href.replace("/src/", "/dist/"), memory: createFaultMemory(1) };
const fault: EngineModule = { openEngine: (path, options) => openFaultEngine(overMemory, path, options) };

for (const [name, module] of Object.entries({ rocksdb, memory, fault })) {
  engineDataConformance(name, module);
  engineLifecycleConformance(name, module);
}
