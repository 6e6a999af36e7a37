import { describeKilledTables } from "./killed-tables.ts";

describeKilledTables(5, 60_000);
