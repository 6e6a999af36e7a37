import { describeKilledTables } from "../chaos/killed-tables.ts";

describeKilledTables(300, 1_800_000);
