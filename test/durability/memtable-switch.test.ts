import { describeMemtableSwitch } from "./memtable-switch.ts";

/** `npm run soak` has four times as many. */
describeMemtableSwitch(2000);
