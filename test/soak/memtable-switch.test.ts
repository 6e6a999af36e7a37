import { describeMemtableSwitch } from "../durability/memtable-switch.ts";

describeMemtableSwitch(8000);
