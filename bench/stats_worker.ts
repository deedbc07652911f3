/// <reference lib="webworker" />
import { type Dtype, dtypes } from "../src/formats/format.ts";

/** Rows `first`…`first + rows` of a raw `side` × `side` matrix, to be measured in blocks. */
export interface Share {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly path: string;
  readonly dtype: "F32" | "BF16";
  readonly side: number;
  readonly first: number;
  readonly rows: number;
  readonly block: number;
}

type Kernels = typeof import("../assembly/build/kernels.wasm");

/** Rows decoded at a time where they are not float32: with their borders they fit in the L2 cache. */
const BAND = 16;

let pass: () => number;

self.onmessage = ({ data }: MessageEvent<Share | "go">) => {
  if (data === "go") self.postMessage(pass());
  else {
    pass = prepare(data);
    self.postMessage("ready");
  }
};

/** Loads the share into the kernels' memory. The answer measures it once, and counts its cells. */
function prepare({ wasm, path, dtype, side, first, rows, block }: Share): () => number {
  const kernels = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as Kernels;
  const code = (Object.keys(dtypes) as Dtype[]).indexOf(dtype);
  const size = dtypes[dtype];
  const bytes = new Uint8Array(kernels.memory.buffer);
  const band = dtype === "F32" ? rows : BAND;
  const across = Math.ceil(side / block), down = Math.ceil(band / block);

  // One after the other: statistics of a band, its cells with their border, all rows as stored.
  const stride = across * down * 4;
  const stats = kernels.heapBase();
  const cells = stats + 10 * stride;
  const pitch = (side + 2) * 4;
  const raw = dtype === "F32" ? cells + 4 : cells + (band + 2) * pitch;
  const rawPitch = dtype === "F32" ? pitch : side * size;
  const file = Deno.openSync(path);
  for (let y = -1; y <= rows; y++) {
    const from = Math.min(side - 1, Math.max(0, first + y));
    file.seekSync(from * side * size, Deno.SeekMode.Start);
    const at = raw + (y + 1) * rawPitch;
    for (let got = 0; got < side * size;) {
      got += file.readSync(bytes.subarray(at + got, at + side * size)) ?? side * size;
    }
  }
  file.close();

  const counts = new Uint32Array(kernels.memory.buffer, stats, across * down);
  return () => {
    let cellsSeen = 0;
    for (let y = 0; y < rows; y += band) {
      const source = raw + y * rawPitch;
      if (dtype !== "F32") {
        kernels.decode(code, size, source, rawPitch, side, band + 2, cells + 4, pitch);
      }
      kernels.blockStats(cells, side, band, block, stats, stride);
      cellsSeen += counts.reduce((total, count) => total + count);
    }
    return cellsSeen;
  };
}
