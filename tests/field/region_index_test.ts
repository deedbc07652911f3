import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Layout, RegionIndex } from "../../src/field/layout.ts";
import { gpt2, laidOutOf, llama, resnet } from "./layouts.ts";

const layouts = [
  laidOutOf(resnet()),
  laidOutOf(gpt2()),
  laidOutOf(llama({ blocks: 3, width: 64, inner: 172, words: 500 })),
  laidOutOf([["one", [3, 4]]]),
  laidOutOf([]),
];

/** By looking at every region. */
const meeting = ({ regions }: Layout, x: number, y: number, width: number, height: number) =>
  regions.flatMap((region, i) =>
    region.x < x + width && x < region.x + region.width && region.y < y + height &&
      y < region.y + region.height
      ? [i]
      : []
  );

Deno.test("a rectangle meets the regions that a look at all of them finds, each once", () => {
  for (const layout of layouts) {
    const index = new RegionIndex(layout);
    const at = (size: number) => fc.integer({ min: -size, max: 2 * size });
    const rectangle = fc.tuple(
      ...[at(layout.width + 1), at(layout.height + 1)] as const,
      ...[fc.nat(2 * layout.width + 2), fc.nat(2 * layout.height + 2)] as const,
    );
    fc.assert(fc.property(rectangle, (of) => {
      const [, , width, height] = of;
      const expected = width > 0 && height > 0 ? meeting(layout, ...of) : [];
      assertEquals(index.meeting(...of).sort((a, b) => a - b), expected);
    }));
  }
});

Deno.test("a cell lies in the region that covers it, or in none", () => {
  for (const layout of layouts) {
    const index = new RegionIndex(layout);
    for (const [i, { x, y, width, height }] of layout.regions.entries()) {
      assertEquals(index.at(x, y), i);
      assertEquals(index.at(x + width - 1, y + height - 1), i);
      assertEquals(index.at(x + width - 0.5, y), i);
      assert(index.at(x + width, y) !== i && index.at(x - 1, y) !== i);
    }
    assertEquals(index.at(-1, 0), -1);
    assertEquals(index.at(layout.width, layout.height), -1);
  }
});
