import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { slabsOf } from "../../../src/field/keep.ts";
import { slabSize, storedBase, storedLevels } from "../../../src/field/store.ts";

const sides = fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 5000 }));
const pyramids = fc.record({
  folder: fc.constant("/"),
  width: sides,
  height: sides,
  runsDown: fc.boolean(),
  base: fc.integer({ min: 3, max: 6 }),
});

Deno.test("levels go from the base to the first of one tile, and to one beyond the base at least", () => {
  fc.assert(fc.property(pyramids, (pyramid) => {
    const { width, height, base } = pyramid;
    const levels = storedLevels(pyramid);
    levels.forEach((level, i) => {
      assertEquals(level.log2, base + i);
      const side = 2 ** level.log2;
      assert((level.width - 1) * side < width && level.width * side >= width);
      assert((level.height - 1) * side < height && level.height * side >= height);
    });
    const one = levels.map(({ width, height }) => width <= 256 && height <= 256);
    assertEquals(one.at(-1), true);
    assert(levels.length >= 2);
    if (levels.length > 2) assertEquals(one.at(-2), false);
  }));
});

Deno.test("all figures are kept from one level beyond the base to the first of four tiles' blocks", () => {
  fc.assert(fc.property(pyramids, (pyramid) => {
    const levels = storedLevels(pyramid);
    const kept = levels.filter(({ hasStats }) => hasStats);
    assertEquals(kept, levels.slice(1, 1 + kept.length));
    const few = kept.map(({ width, height }) => width * height <= 4 * 256 ** 2);
    assertEquals(few.indexOf(true), kept.length - 1);
  }));
});

Deno.test("the base is native − 3, and further out where elements are narrow", () => {
  const bases = (["F64", "F32", "BF16", "F16", "Q8_0", "Q4_K", "Q4_0", "Q2_K"] as const).map((
    dtype,
  ) => storedBase(dtype));
  assertEquals(bases, [3, 3, 3, 3, 4, 4, 4, 5]);
});

Deno.test("files cover a level and leave little of their chunks empty", () => {
  fc.assert(fc.property(pyramids, (pyramid) => {
    for (const { width, height, chunk, shard } of storedLevels(pyramid)) {
      assert(chunk.width <= 256 && chunk.height <= 64);
      for (
        const [blocks, side, inFile] of [
          [width, chunk.width, shard.width],
          [height, chunk.height, shard.height],
        ] as const
      ) {
        const chunks = Math.ceil(blocks / side);
        const files = Math.ceil(chunks / inFile);
        assert(inFile <= chunks, "more chunks than there are");
        // A single file is cut evenly, of many the last one is padded by less than a chunk.
        if (files === 1) assert(chunks * side - blocks < chunks, `${blocks} in ${side}`);
        else assert([64, 256].includes(side));
      }
    }
  }));
});

Deno.test("slabs cover a plane once, are a file of each of the nearest two levels, and fit memory", () => {
  fc.assert(fc.property(pyramids, (pyramid) => {
    const [base, first] = storedLevels(pyramid) as [
      ReturnType<typeof storedLevels>[0],
      ReturnType<typeof storedLevels>[0],
    ];
    const slabs = slabsOf(pyramid);
    const area = slabs.reduce((sum, { width, height }) => sum + width * height, 0);
    assertEquals(area, first.width * first.height);
    const size = slabSize(pyramid);
    assert(size.width * size.height <= 16 * 256 ** 2);
    const [along, beside] = pyramid.runsDown
      ? [size.height, size.width]
      : [size.width, size.height];
    assert(along <= 4096 && (along <= 1024 || beside === 256));
    for (const { x, y, width, height } of slabs) {
      for (const [level, scale] of [[base, 2], [first, 1]] as const) {
        const across = level.chunk.width * level.shard.width;
        const down = level.chunk.height * level.shard.height;
        assert(x * scale % across === 0 && y * scale % down === 0);
        assert(scale * (x + width) >= level.width || scale * (x + width) % across === 0);
        assert(scale * width <= across + 1 && scale * height <= down + 1);
      }
    }
    const places = new Set(slabs.map(({ x, y }) => `${x} ${y}`));
    assertEquals(places.size, slabs.length);
  }));
});

Deno.test("a layer as models have them is one slab", () => {
  for (const [width, height] of [[2048, 2048], [4096, 11_008], [11_008, 4096], [14_336, 4096]]) {
    const plane = { width: width!, height: height!, base: 3 };
    for (const runsDown of [false, true]) {
      if (runsDown === height! > width!) assertEquals(slabsOf({ ...plane, runsDown }).length, 1);
    }
  }
  const large = { width: 4096, height: 128_256, runsDown: false, base: 3 };
  assertEquals(slabsOf(large).length, 8);
});
