import { assert, assertEquals } from "@std/assert";
import { formats } from "../../src/formats/table.ts";
import { mutate } from "./mutate.ts";
import { fuzz } from "./run.ts";
import { seeds } from "./seeds.ts";

const titles = [...new Set(formats.map(({ about }) => about.title))];
const seeded = new Set(seeds(false).map(({ format }) => format.about.title));

for (const format of titles) {
  Deno.test(`500 mutations of ${format} files are read or refused by a sentence`, async () => {
    assert(seeded.has(format), `fixtures/ holds no file of the format ${format}`);
    const report = await fuzz({ format, from: 1_000_000, count: 500, shared: false });
    assertEquals(report.defects, []);
    assertEquals(report.tried, 500);
    const refused = [...report.outcomes].filter(([name]) => name !== "read");
    assert(refused.reduce((sum, [, times]) => sum + times, 0) > 25, "the mutations break nothing");
  });
}

Deno.test("mutations follow from their seed", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);
  const stretches = [{ offset: 0, length: 100 }];
  const distinct = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const once = mutate(bytes, stretches, seed), again = mutate(bytes, stretches, seed);
    assertEquals(once, again);
    distinct.add(once.how);
  }
  assert(distinct.size > 150, `${distinct.size} of 200 differ`);
});
