/// <reference lib="webworker" />
import { wasm as ops } from "../src/compute/wasm.ts";

/** Rows `first`…`first + rows` of a raw `side` × `side` bfloat16 matrix, read in pieces of up to `piece` bytes. */
export interface Share {
  readonly path: string;
  readonly side: number;
  readonly first: number;
  readonly rows: number;
  readonly piece: number;
}

/** Milliseconds spent on reading, on statistics and on the sketch; cells measured and counted. */
export interface Spent {
  readonly read: number;
  readonly stats: number;
  readonly sketch: number;
  readonly cells: number;
  readonly counted: number;
}

const BINS = 65536;
const BLOCK = 16;

self.onmessage = ({ data }: MessageEvent<Share>) => self.postMessage(pass(data));

/**
 * Bands of full rows with one more above and below. Rows lie without gaps, so that what stands
 * beside the first and last column are cells of other rows: as good for timing.
 */
function pass({ path, side, first, rows, piece }: Share): Spent {
  const file = Deno.openSync(path);
  const row = side * 2;
  const band = Math.max(1, Math.floor((piece / row - 2) / BLOCK)) * BLOCK;
  let [read, stats, sketch, cells] = [0, 0, 0, 0];
  const counted = ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(BINS * 4).fill(0);
    const bins = new Uint32Array(buffer, byteOffset, BINS);
    for (let y = first; y < first + rows; y += band) {
      ops.frame(() => {
        const height = Math.min(band, first + rows - y);
        const began = performance.now();
        // A row's place too for what the matrix lacks above and below, and for the neighbours at the ends.
        const bytes = ops.scratch((height + 2) * row + 128);
        const top = Math.max(0, y - 1), bottom = Math.min(side, y + height + 1);
        const start = 64 + (top - y + 1) * row;
        file.seekSync(top * row, Deno.SeekMode.Start);
        readAll(file, bytes.subarray(start, start + (bottom - top) * row));
        const packed = {
          dtype: "BF16",
          bigEndian: false,
          width: side + 2,
          rows: height + 2,
        } as const;
        const cellsOf = { ...packed, pitch: row };
        const from = bytes.subarray(62);
        const measured = performance.now();
        const { means } = ops.packedLevels(from, cellsOf, BLOCK / 2);
        const sketched = performance.now();
        ops.countPackedGroups(from, cellsOf, 8, y, bins);
        read += measured - began;
        stats += sketched - measured;
        sketch += performance.now() - sketched;
        cells += means.length * (BLOCK / 2) ** 2;
      });
    }
    return bins.reduce((sum, count) => sum + count);
  });
  file.close();
  return { read, stats, sketch, cells, counted };
}

function readAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let got = 0; got < bytes.length;) {
    const more = file.readSync(bytes.subarray(got));
    if (more === null) throw new Error(`the file ends ${bytes.length - got} bytes early`);
    got += more;
  }
}
