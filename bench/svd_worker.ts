/// <reference lib="webworker" />
import { help, openPair, type PairMemory } from "../src/analysis/pair.ts";
import { truncatedSvd } from "../src/analysis/truncated_svd.ts";
import { wasm as ops } from "../src/compute/wasm.ts";

/** Singular values of a matrix in shared memory, for which one worker leads and the other helps. */
export interface Task {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array<SharedArrayBuffer>;
  readonly pair: PairMemory;
  readonly leads: boolean;
  readonly count: number;
  readonly tolerance: number;
}

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  const { rows, columns, values, pair, leads, count, tolerance } = data;
  const matrix = {
    rows,
    columns,
    read: (from: number, length: number) => values.subarray(from, from + length),
  };
  const cancelled = () => {};
  if (!leads) {
    await help(matrix, pair, ops, cancelled);
    return self.postMessage(null);
  }
  const began = performance.now();
  const bands = await openPair(matrix, pair, ops, cancelled);
  const loaded = performance.now();
  const { values: found, residuals } = await truncatedSvd(bands, count, { tolerance });
  bands.close();
  const ended = performance.now();
  self.postMessage({ found, residuals, load: loaded - began, all: ended - began });
};
