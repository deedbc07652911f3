import { deflateSync } from "node:zlib";
import type { Ops } from "./ops.ts";
import { blockLevels, packedLevels } from "./reference/block_levels.ts";
import { blockMeans } from "./reference/block_means.ts";
import { blockStats } from "./reference/block_stats.ts";
import { compare } from "./reference/compare.ts";
import { countGroups, countPackedGroups } from "./reference/count_groups.ts";
import { countKeys } from "./reference/count_keys.ts";
import { crc32c } from "./reference/crc32c.ts";
import { decode } from "./reference/decode.ts";
import { dense } from "./reference/dense.ts";
import { gather } from "./reference/gather.ts";
import { gemm } from "./reference/gemm.ts";
import { gemv } from "./reference/gemv.ts";
import { gram } from "./reference/gram.ts";
import { filterRows } from "./reference/filter_rows.ts";
import { frame, keep, release, scratch } from "./reference/memory.ts";
import { merge } from "./reference/merge.ts";
import { mergeBrick } from "./reference/merge_brick.ts";
import { magnitude } from "./reference/magnitude.ts";
import { normal } from "./reference/normal.ts";
import { pack } from "./reference/pack.ts";
import { packedStats } from "./reference/packed_stats.ts";
import { places } from "./reference/places.ts";
import { shade } from "./reference/shade.ts";
import { stepCells } from "./reference/step_cells.ts";
import { stepVoxels } from "./reference/step_voxels.ts";
import { sumSquares } from "./reference/sum_squares.ts";
import { syr2Symv } from "./reference/syr2_symv.ts";

/** The readable implementation. It defines what the others must return. */
export const reference: Ops = {
  name: "reference",
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
  largest: (bytes) => bytes.reduce((most, byte) => Math.max(most, byte), 0),
  zlib: (bytes) => deflateSync(bytes),
  crc32c,
};
