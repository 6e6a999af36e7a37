/** `npm run bench:micro`: nanoseconds of each step of a message's path. */
import { Bench } from "tinybench";
import { microTasks } from "./tasks.ts";

const TIME_MS = 500;
const NS_PER_MS = 1e6;

const bench = new Bench({ time: TIME_MS, throws: true });
const tasks = microTasks();
const operations = new Map(tasks.map((task) => [task.name, task.operations]));
let used = 0;
for (const { name, run } of tasks) {
  bench.add(name, () => {
    used ^= run();
  });
}
await bench.run();

console.table(
  bench.table(({ name, result }) => {
    if (!("latency" in result)) throw new Error(`${name} was not measured`);
    const ns = (ms: number): string => ((ms * NS_PER_MS) / (operations.get(name) ?? 1)).toFixed(1);
    const { p50, p99, rme } = result.latency;
    return {
      "": name,
      "ns (median)": ns(p50),
      "ns (p99)": ns(p99),
      "±": `${rme.toFixed(2)} %`,
      samples: result.latency.samplesCount,
    };
  }),
);
// Uses the results, so that the compiler cannot remove the work.
if (Number.isNaN(used)) throw new Error("no result");
