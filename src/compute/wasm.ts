import type { Ops } from "./ops.ts";
import { reference } from "./reference.ts";
import { frame, scratch } from "./wasm/memory.ts";

/** Backed by `assembly/*.ts`, in SIMD. Inputs that lie in scratch are used in place. */
export const wasm: Ops = {
  ...reference,
  name: "wasm",
  frame,
  scratch,
};
