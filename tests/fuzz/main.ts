/**
 * The long run: `deno task fuzz [--count 20000] [--from 0] [--format "ONNX"]`. Prints a line a format,
 * and every defect with the seed that repeats it (`--from SEED --count 1`).
 */
import { parseArgs } from "node:util";
import { fuzz } from "./run.ts";
import { seeds } from "./seeds.ts";

const { values } = parseArgs({
  options: { count: { type: "string" }, from: { type: "string" }, format: { type: "string" } },
});
const count = Number(values.count ?? 20_000), from = Number(values.from ?? 0);
const known = [...new Set(seeds(true).map(({ format }) => format.about.title))];
const chosen = known.filter((title) => values.format === undefined || title === values.format);
if (chosen.length === 0) {
  throw new Error(`no format "${values.format}"; there are ${known.join(", ")}`);
}

let defects = 0;
for (const format of chosen) {
  const began = performance.now();
  const report = await fuzz({ format, from, count, shared: true });
  const outcomes = [...report.outcomes].map(([name, times]) => `${name} ${times}`).join(", ");
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${format}: ${report.tried} mutations in ${seconds} s, ${report.defects.length} defects; ` +
      `${outcomes}; slowest ${report.slowest.toFixed(0)} ms, ` +
      `largest array ${(report.largest / 2 ** 20).toFixed(1)} MiB`,
  );
  for (const defect of report.defects.slice(0, 10)) {
    console.log(`  ${defect.replaceAll("\n", "\n    ")}`);
  }
  defects += report.defects.length;
}
if (defects > 0) Deno.exit(1);
