/// <reference lib="webworker" />
import { help, openPair, type PairMemory } from "../src/analysis/pair.ts";
import { truncatedSvd } from "../src/analysis/truncated_svd.ts";
import { wasm as ops } from "../src/compute/wasm.ts";

/** Singular values of the matrix that was given last, for which one worker leads and another may help. */
export interface Task {
  readonly rows: number;
  readonly columns: number;
  readonly pair: PairMemory;
  readonly leads: boolean;
  readonly count: number;
  readonly tolerance: number;
}

export interface Answer {
  readonly values: Float64Array;
}

let values = new Float32Array();

self.onmessage = async ({ data }: MessageEvent<Task | Float32Array<ArrayBuffer>>) => {
  if (data instanceof Float32Array) {
    values = data;
    return self.postMessage(null);
  }
  const { rows, columns, pair, leads, count, tolerance } = data;
  const read = (from: number, length: number) => values.subarray(from, from + length);
  const matrix = { rows, columns, read };
  if (!leads) {
    await help(matrix, pair, ops, cancelled);
    return self.postMessage(null);
  }
  const opened = await openPair(matrix, pair, ops, cancelled);
  const answer: Answer = { values: (await truncatedSvd(opened, count, { tolerance })).values };
  opened.close();
  self.postMessage(answer);
};

function cancelled(): void {}
