import { describeKilledTables } from "./killed-tables.ts";

describeKilledTables(5, 180_000);
