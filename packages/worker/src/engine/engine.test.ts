import { engineDataConformance } from "../../test/conformance/engine-data.ts";
import { engineLifecycleConformance } from "../../test/conformance/engine-lifecycle.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import type { EngineModule } from "./engine.ts";
import { openFaultEngine } from "./fault-engine.ts";
import { createFaultMemory, FaultMemory } from "./fault-memory.ts";
import * as memory from "./memory-engine.ts";

const fault: EngineModule = {
  openEngine: (path, options) => openFaultEngine(memory, new FaultMemory(createFaultMemory(1), 0), path, options),
};

for (const [name, module] of Object.entries({ rocksdb, memory, fault })) {
  engineDataConformance(name, module);
  engineLifecycleConformance(name, module, { keeps: module === rocksdb });
}
