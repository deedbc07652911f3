import { gridBase, memory } from "../../../assembly/build/kernels.wasm";
import { grids } from "../grids.ts";

let placed = false;

/** Puts the grids of the IQ types where their kernels look for them, once. */
export function placeGrids(): void {
  if (placed) return;
  let at = gridBase();
  // In the order of assembly/lattice_blocks.ts.
  for (const name of ["iq1", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s"] as const) {
    const grid = grids[name];
    new Int8Array(memory.buffer, at, grid.length).set(grid);
    at += grid.length;
  }
  placed = true;
}
