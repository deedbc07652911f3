/// <reference lib="webworker" />
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

/** Rows measured at a time. */
const BAND = 16;

self.onmessage = ({ data }: MessageEvent<Share>) => {
  self.postMessage(pass(data));
};

/** Band by band, rows are read with a border around them (beyond the edge, the cells at it), then measured. */
function pass({ path, dtype, side, first, rows, block }: Share): Spent {
  const file = Deno.openSync(path);
  const size = dtypes[dtype];
  // Not a power of two, which would have the rows push each other out of the cache.
  const pitch = (side + 2) * size + 192;
  const packed = { dtype, bigEndian: false, pitch, width: side + 2, rows: BAND + 2 };
  let [reading, computing, cells] = [0, 0, 0];
  for (let y = first; y < first + rows; y += BAND) {
    ops.frame(() => {
      const started = performance.now();
      const bytes = ops.scratch((BAND + 2) * pitch);
      for (let i = 0; i < BAND + 2; i++) {
        const from = Math.min(side - 1, Math.max(0, y + i - 1));
        const row = bytes.subarray(i * pitch, i * pitch + (side + 2) * size);
        file.seekSync(from * side * size, Deno.SeekMode.Start);
        readAll(file, row.subarray(size, -size));
        row.copyWithin(0, size, 2 * size);
        row.copyWithin(row.length - size, row.length - 2 * size, row.length - size);
      }
      const read = performance.now();
      const { count } = ops.packedStats(bytes, packed, block);
      computing += performance.now() - read;
      reading += read - started;
      cells += count.length * count[0]!;
    });
  }
  file.close();
  return { reading, computing, cells };
}

function readAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let got = 0; got < bytes.length;) {
    const more = file.readSync(bytes.subarray(got));
    if (more === null) throw new Error(`the file ends ${bytes.length - got} bytes early`);
    got += more;
  }
}
