/// <reference lib="webworker" />
import { help } from "../../src/analysis/pair.ts";
import { wasm } from "../../src/compute/wasm.ts";

/** Helps with a matrix, and falls over after so many rounds. */
self.onmessage = async ({ data: { m, n, values, memory, rounds } }) => {
  let called = 0;
  const ops: typeof wasm = {
    ...wasm,
    normal(...operands) {
      if (++called > rounds) throw new Error("lost");
      wasm.normal(...operands);
    },
  };
  const read = (from: number, count: number) => {
    if (from === 0 || called === 0) self.postMessage("ready");
    return values.subarray(from, from + count);
  };
  try {
    await help({ rows: m, columns: n, read }, memory, ops, () => {});
    self.postMessage("over");
  } catch (error) {
    self.postMessage((error as Error).message);
  }
};
