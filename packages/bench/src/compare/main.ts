/** `npm run bench:compare`. */
import { command, ROOT } from "../command.ts";
import { decimal } from "../report/format.ts";
import { compare } from "./compare.ts";
import { parseCompareOptions, USAGE } from "./compare-options.ts";

await command(USAGE, parseCompareOptions, async (options) => {
  const { commit, effort, differences } = await compare(options, ROOT);
  console.table(
    differences.map(({ scenario, metric, before, after, change, probability, verdict }) => ({
      scenario,
      metric,
      [commit]: metric === "per second" ? Math.round(before) : decimal(before),
      "this tree": metric === "per second" ? Math.round(after) : decimal(after),
      change: `${change >= 0 ? "+" : ""}${(change * 100).toFixed(1)} %`,
      "p-value": `${(probability * 100).toFixed(1)} %`,
      verdict,
    })),
  );
  const clear = differences.filter(({ verdict }) => verdict !== "within the noise");
  console.log(
    clear.length === 0
      ? `Nothing differs by more than the noise of ${effort.rounds} runs per side.`
      : `Larger than the noise of ${effort.rounds} runs per side:`,
  );
  for (const { scenario, metric, change, verdict } of clear) {
    console.log(`  ${verdict}: ${scenario}, ${metric} ${change >= 0 ? "+" : ""}${(change * 100).toFixed(1)} %`);
  }
  return 0;
});
