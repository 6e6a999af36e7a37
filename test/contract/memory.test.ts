import { inMemory } from "../support/spool-kinds.ts";
import { describeSpoolContract } from "./spool-contract.ts";

describeSpoolContract(inMemory);
