/**
 * Milliseconds and bytes of one 256 × 256 palette tile as PNG, ours against node:zlib in the same
 * writer and against sharp, single-threaded: `deno run -A bench/encode_bench.ts [rounds]`.
 */
import { constants, deflateSync, type ZlibOptions } from "node:zlib";
import sharp from "sharp";
import type { Ops } from "../src/compute/ops.ts";
import { wasm } from "../src/compute/wasm.ts";
import { encodeIndexed } from "../src/tile/encode/png.ts";
import { tile, tileKinds } from "../tests/tile/encode/tiles.ts";

const ROUNDS = Number(Deno.args[0] ?? 9);
const TILES = 16;
const SIZE = 256;
const palette = Uint8Array.from({ length: 1024 }, (_, i) => i % 4 === 3 ? 255 : i >> 2);

type Encode = (indices: Uint8Array) => Uint8Array | Promise<Uint8Array>;
const { Z_RLE, Z_HUFFMAN_ONLY } = constants;

/** Our PNG writer with a fixed filter and node:zlib. */
function node(filter: number, options: ZlibOptions): Encode {
  const ops: Ops = {
    ...wasm,
    filterRows: (bytes, width, height) => filterAll(filter, bytes, width, height),
    zlib: (rows) => deflateSync(rows, options),
  };
  return (indices) => encodeIndexed(ops, indices, SIZE, SIZE, palette);
}

function filterAll(filter: number, bytes: Uint8Array, width: number, height: number): Uint8Array {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0, to = 0, from = 0; y < height; y++) {
    rows[to++] = filter;
    for (let x = 0; x < width; x++, from++) {
      rows[to++] = bytes[from]! - (filter === 1 && x > 0 ? bytes[from - 1]! : 0);
    }
  }
  return rows;
}

const encoders: Record<string, Encode> = {
  "synaptile": (indices) => encodeIndexed(wasm, indices, SIZE, SIZE, palette),
  "node:zlib level 1, Sub": node(1, { level: 1 }),
  "node:zlib Z_RLE, None": node(0, { level: 1, strategy: Z_RLE }),
  "node:zlib Z_HUFFMAN_ONLY, None": node(0, { level: 1, strategy: Z_HUFFMAN_ONLY }),
  "node:zlib level 6, None": node(0, { level: 6 }),
  "sharp png level 1, grey": (indices) =>
    sharp(indices, { raw: { width: SIZE, height: SIZE, channels: 1 } })
      .toColourspace("b-w").png({ compressionLevel: 1 }).toBuffer(),
};

sharp.concurrency(1);
sharp.cache(false);
console.log("| tile | encoder | ms, median | ms, least | bytes | time / ours | bytes / ours |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
for (const kind of tileKinds) {
  const tiles = Array.from({ length: TILES }, (_, seed) => tile(kind, seed));
  const found = await measure(tiles);
  for (const [name, { median, least, bytes }] of found) {
    const ours = found.get("synaptile")!;
    const columns = [
      ...[kind, name, median.toFixed(3), least.toFixed(3), bytes.toFixed(0)],
      ...[(median / ours.median).toFixed(1), (bytes / ours.bytes).toFixed(2)],
    ];
    console.log(`| ${columns.join(" | ")} |`);
  }
}

interface Found {
  readonly median: number;
  readonly least: number;
  readonly bytes: number;
}

/** What a tile takes. Encoders take turns, so that a busy moment of the machine meets them all. */
async function measure(tiles: readonly Uint8Array[]): Promise<Map<string, Found>> {
  const times = Object.entries(encoders).map(([name, encode]) => ({
    ...{ name, encode, bytes: 0 },
    milliseconds: [] as number[],
  }));
  for (let round = -ROUNDS; round < ROUNDS; round++) {
    for (const run of times) {
      const began = performance.now();
      run.bytes = 0;
      for (const indices of tiles) run.bytes += (await run.encode(indices)).length / tiles.length;
      // As many rounds again come first, for the compilers to warm up.
      if (round >= 0) run.milliseconds.push((performance.now() - began) / tiles.length);
    }
  }
  return new Map(times.map(({ name, bytes, milliseconds }) => {
    milliseconds.sort((a, b) => a - b);
    return [name, { median: milliseconds[ROUNDS >> 1]!, least: milliseconds[0]!, bytes }];
  }));
}
