import type { Ops } from "./ops.ts";
import { blockLevels, packedLevels } from "./wasm/block_levels.ts";
import { blockMeans } from "./wasm/block_means.ts";
import { blockStats } from "./wasm/block_stats.ts";
import { compare } from "./wasm/compare.ts";
import { countGroups, countPackedGroups } from "./wasm/count_groups.ts";
import { countKeys } from "./wasm/count_keys.ts";
import { crc32c } from "./wasm/crc32c.ts";
import { decode } from "./wasm/decode.ts";
import { filterRows } from "./wasm/filter_rows.ts";
import { dense } from "./wasm/dense.ts";
import { gather } from "./wasm/gather.ts";
import { gemm, plainGemm } from "./wasm/gemm.ts";
import { gemv } from "./wasm/gemv.ts";
import { gram } from "./wasm/gram.ts";
import { largest } from "./wasm/largest.ts";
import { frame, keep, release, scratch } from "./wasm/memory.ts";
import { merge } from "./wasm/merge.ts";
import { mergeBrick } from "./wasm/merge_brick.ts";
import { magnitude } from "./wasm/magnitude.ts";
import { normal } from "./wasm/normal.ts";
import { pack } from "./wasm/pack.ts";
import { packedStats } from "./wasm/packed_stats.ts";
import { places } from "./wasm/places.ts";
import { shade } from "./wasm/shade.ts";
import { stepCells } from "./wasm/step_cells.ts";
import { stepVoxels } from "./wasm/step_voxels.ts";
import { sumSquares } from "./wasm/sum_squares.ts";
import { syr2Symv } from "./wasm/syr2_symv.ts";
import { zlib } from "./wasm/zlib.ts";

/** Backed by `assembly/*.ts`, in SIMD. Inputs that lie in scratch are used in place. */
export const wasm: Ops = {
  name: "wasm",
  frame,
  scratch,
  keep,
  release,
  decode,
  gather,
  compare,
  blockMeans,
  blockStats,
  packedStats,
  blockLevels,
  packedLevels,
  merge,
  mergeBrick,
  countKeys,
  countGroups,
  countPackedGroups,
  sumSquares,
  dense,
  gemm,
  gemv,
  gram,
  syr2Symv,
  normal,
  magnitude,
  stepCells,
  stepVoxels,
  shade,
  places,
  pack,
  filterRows,
  largest,
  zlib,
  crc32c,
};

/** The same, with the same bits on every processor: `gemm` rounds each product. */
export const plainWasm: Ops = { ...wasm, name: "plain wasm", gemm: plainGemm };
