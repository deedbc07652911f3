/// <reference lib="webworker" />
import type { Packed } from "../src/compute/ops.ts";
import { wasm as ops } from "../src/compute/wasm.ts";
import { dtypes } from "../src/formats/format.ts";

/** Rows `first`…`first + rows` of a raw `side` × `side` matrix, to be measured in blocks. */
export interface Share {
  readonly path: string;
  readonly dtype: "F32" | "BF16";
  readonly side: number;
  readonly first: number;
  readonly rows: number;
  readonly block: number;
}

/** Milliseconds spent on reading, and on measuring; cells measured. */
export interface Spent {
  readonly reading: number;
  readonly computing: number;
  readonly cells: number;
}

/** Rows read at once. */
const BAND = 16;

/** Columns at either edge that are decoded, to have a border; those between are taken as stored. */
const EDGE = 64;

self.onmessage = ({ data }: MessageEvent<Share>) => {
  self.postMessage(pass(data));
};

/** As the engine streams a layer: a band of rows is read, then measured. */
function pass(share: Share): Spent {
  const { path, dtype, side, first, rows } = share;
  const file = Deno.openSync(path);
  let [reading, computing, cells] = [0, 0, 0];
  for (let y = first; y < first + rows; y += BAND) {
    ops.frame(() => {
      const started = performance.now();
      const above = Math.min(y, 1), below = Math.min(side - y - BAND, 1);
      const bytes = ops.scratch((above + BAND + below) * side * dtypes[dtype]);
      file.seekSync((y - above) * side * dtypes[dtype], Deno.SeekMode.Start);
      for (let got = 0; got < bytes.length;) got += file.readSync(bytes.subarray(got)) ?? 0;
      const read = performance.now();
      reading += read - started;
      cells += measureBand(bytes, share, above, below);
      computing += performance.now() - read;
    });
  }
  file.close();
  return { reading, computing, cells };
}

/** Measures a band that came with so many rows above and below. Answers how many cells it has. */
function measureBand(bytes: Uint8Array, share: Share, above: number, below: number): number {
  const { side } = share;
  if (above + below < 2) return measureDecoded(bytes, share, 0, side, above, below);
  const { dtype, block } = share;
  const pitch = side * dtypes[dtype];
  const packed: Packed = {
    ...{ dtype, bigEndian: false, pitch },
    ...{ width: side - 2 * EDGE + 2, rows: BAND + 2 },
  };
  const { count } = ops.packedStats(bytes.subarray((EDGE - 1) * dtypes[dtype]), packed, block);
  return measureDecoded(bytes, share, 0, EDGE, above, below) +
    measureDecoded(bytes, share, side - EDGE, side, above, below) +
    count.length * count[0]!;
}

function measureDecoded(
  bytes: Uint8Array,
  { dtype, side, block }: Share,
  x0: number,
  x1: number,
  above: number,
  below: number,
): number {
  const pitch = x1 - x0 + 2;
  const room = ops.scratch(pitch * (BAND + 2) * 4);
  const values = new Float32Array(room.buffer, room.byteOffset, pitch * (BAND + 2));
  const left = Math.max(0, x0 - 1), right = Math.min(side, x1 + 1);
  const size = dtypes[dtype];
  ops.decode(
    bytes.subarray(left * size),
    {
      dtype,
      bigEndian: false,
      width: right - left,
      rows: above + BAND + below,
      pitch: side * size,
    },
    { values, start: (1 - above) * pitch + left - x0 + 1, pitch },
  );
  const { count } = ops.blockStats({ values, width: x1 - x0, height: BAND }, block);
  return count.length * count[0]!;
}
