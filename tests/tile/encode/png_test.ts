import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { reference } from "../../../src/compute/reference.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { encodeIndexed, encodeRgba } from "../../../src/tile/encode/png.ts";
import { seeded, tile, tileKinds } from "./tiles.ts";

/** RGBA8 as libpng, by way of sharp, reads a file. */
async function decode(file: Uint8Array) {
  const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({
    resolveWithObject: true,
  });
  return { rgba: new Uint8Array(data), width: info.width, height: info.height };
}

/** Chunks by type, in order; every CRC must be right and nothing may lie behind IEND. */
function chunks(file: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found = new Map<string, Uint8Array>();
  let at = 8;
  while (at < file.length) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    assertEquals(
      view.getUint32(at + 8 + length),
      crc32(file.subarray(at + 4, at + 8 + length)),
      type,
    );
    found.set(type, file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  assertEquals(at, file.length);
  // The CRC of IEND, which is the same in every PNG.
  assertEquals(view.getUint32(at - 4), 0xae426082);
  return found;
}

const random = seeded(1);
/** Any colours; transparent from entry 252, translucent at 7. */
const palette = Uint8Array.from({ length: 1024 }, (_, i) => {
  const entry = i >> 2;
  if (i % 4 < 3) return random() * 256;
  return entry === 252 ? 0 : entry === 7 ? 100 : 255;
});
const colors = (indices: Uint8Array) =>
  Uint8Array.from({ length: indices.length * 4 }, (_, i) => palette[indices[i >> 2]! * 4 + i % 4]!);

for (const ops of [reference, wasm]) {
  for (const kind of tileKinds) {
    Deno.test(`a palette PNG by ${ops.name} of a ${kind} tile decodes to its colours`, async () => {
      const indices = tile(kind, 4);
      const file = encodeIndexed(ops, indices, 256, 256, palette);
      assertEquals([...chunks(file).keys()].at(-1), "IEND");
      assertEquals(await decode(file), { rgba: colors(indices), width: 256, height: 256 });
    });
  }

  Deno.test(`PNGs by ${ops.name} of any size decode to their pixels`, async () => {
    const size = fc.integer({ min: 1, max: 70 });
    await fc.assert(
      fc.asyncProperty(size, size, fc.integer(), async (width, height, seed) => {
        const random = seeded(seed);
        const indices = Uint8Array.from({ length: width * height }, () => random() * 256);
        const rgba = colors(indices);
        const indexed = encodeIndexed(ops, indices, width, height, palette);
        assertEquals(await decode(indexed), { rgba, width, height });
        const full = encodeRgba(ops, rgba, width, height);
        chunks(full);
        assertEquals(await decode(full), { rgba, width, height });
      }),
      { numRuns: 30 },
    );
  });
}

Deno.test("a palette ends at the largest index, transparency at the last entry that has some", () => {
  const sizes = (...entries: number[]) => {
    const found = chunks(encodeIndexed(wasm, Uint8Array.from(entries), entries.length, 1, palette));
    return [found.get("PLTE")!.length, found.get("tRNS")?.length];
  };
  assertEquals(sizes(0, 0), [3, undefined]);
  assertEquals(sizes(6, 3), [21, undefined]);
  assertEquals(sizes(1, 9), [30, 8]);
  assertEquals(sizes(250, 251), [756, 8]);
  assertEquals(sizes(252), [759, 253]);
  assertEquals(sizes(255, 252), [768, 253]);
});

Deno.test("a file owns its memory, and encoding in scratch leaves scratch free", () => {
  const file = encodeIndexed(wasm, tile("noisy", 1), 256, 256, palette);
  assertEquals(file.buffer.byteLength, file.byteLength);
  const copy = structuredClone(file, { transfer: [file.buffer] });
  assertEquals(file.byteLength, 0);
  const again = wasm.frame(() => {
    const near = wasm.scratch(65536);
    near.set(tile("noisy", 1));
    return encodeIndexed(wasm, near, 256, 256, palette);
  });
  assertEquals(again, copy);
});

Deno.test("a constant tile is below 550 bytes", () => {
  const { length } = encodeIndexed(wasm, new Uint8Array(65536).fill(30), 256, 256, palette);
  assert(length < 550, `${length} bytes`);
});
