import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { arrange } from "../../src/model/structure.ts";
import { architectures } from "./architectures.ts";
import { tensor } from "./tensors.ts";

const layersOf = (names: readonly string[]) =>
  arrange({ tensors: names.map((name) => tensor(name)) });

/** What is shown of the expected order must come in a row; "…" stands for any number. */
function assertOrder(found: readonly string[], expected: readonly string[]) {
  const cut = expected.indexOf("…");
  if (cut < 0) return assertEquals(found, expected);
  const after = expected.slice(cut + 1);
  assertEquals(found.slice(0, cut), expected.slice(0, cut));
  const at = found.indexOf(after[0]!);
  assertEquals(found.slice(at, at + after.length), after);
}

for (const [title, { tensors, order, roles, blocks }] of Object.entries(architectures)) {
  Deno.test(`${title}: order, roles and repeated blocks follow from the names`, () => {
    const { layers, structure } = layersOf(tensors);
    assertOrder(layers.map(({ name }) => name), order);
    const role = (wanted: string) => layers.find(({ name }) => name === wanted)?.role;
    for (const [name, expected] of Object.entries(roles)) {
      assertEquals([name, role(name)], [name, expected]);
    }
    assertEquals(
      structure.blocks.map(({ pattern, count, layers }) => [pattern, count, layers]),
      blocks.map((block) => [...block]),
    );
    assertEquals(structure.order, "names");
  });

  Deno.test(`${title}: the order is the same however the file orders its tensors`, () => {
    const expected = layersOf(tensors.toSorted()).layers.map(({ name }) => name);
    assertOrder(expected, order);
    const shuffled = fc.shuffledSubarray([...tensors], { minLength: tensors.length });
    fc.assert(
      fc.property(shuffled, (names) => {
        const found = layersOf(names).layers.map(({ name }) => name);
        const at = found.findIndex((name, i) => name !== expected[i]);
        assertEquals([at, found[at]], [-1, undefined]);
      }),
      { numRuns: 20 },
    );
  });
}
