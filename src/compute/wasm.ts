import type { Ops } from "./ops.ts";
import { reference } from "./reference.ts";
import { filterRows } from "./wasm/filter_rows.ts";
import { largest } from "./wasm/largest.ts";
import { frame, scratch } from "./wasm/memory.ts";
import { zlib } from "./wasm/zlib.ts";

/** Backed by `assembly/*.ts`, in SIMD. Inputs that lie in scratch are used in place. */
export const wasm: Ops = {
  ...reference,
  name: "wasm",
  frame,
  scratch,
  filterRows,
  largest,
  zlib,
};
