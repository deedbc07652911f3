import type { Ops } from "../../src/compute/ops.ts";
import { conformBlockLevels } from "./conformance/block_levels.ts";
import { conformBlockMeans } from "./conformance/block_means.ts";
import { conformBlockStats } from "./conformance/block_stats.ts";
import { conformCompare } from "./conformance/compare.ts";
import { conformCountGroups } from "./conformance/count_groups.ts";
import { conformCountKeys } from "./conformance/count_keys.ts";
import { conformCrc32c } from "./conformance/crc32c.ts";
import { conformDecode } from "./conformance/decode.ts";
import { conformDecodeBlocks } from "./conformance/decode_blocks.ts";
import { conformDense } from "./conformance/dense.ts";
import { conformGather } from "./conformance/gather.ts";
import { conformGemm } from "./conformance/gemm.ts";
import { conformGemv } from "./conformance/gemv.ts";
import { conformGram } from "./conformance/gram.ts";
import { conformMerge } from "./conformance/merge.ts";
import { conformMergeBrick } from "./conformance/merge_brick.ts";
import { conformNormal } from "./conformance/normal.ts";
import { conformPack } from "./conformance/pack.ts";
import { conformPackedStats } from "./conformance/packed_stats.ts";
import { conformPlaces } from "./conformance/places.ts";
import { conformScratch } from "./conformance/scratch.ts";
import { conformShade } from "./conformance/shade.ts";
import { conformStepCells } from "./conformance/step_cells.ts";
import { conformStepEnds } from "./conformance/step_ends.ts";
import { conformStepVoxels } from "./conformance/step_voxels.ts";
import { conformSumSquares } from "./conformance/sum_squares.ts";
import { conformSyr2Symv } from "./conformance/syr2_symv.ts";

/**
 * Registers every case against `ops`. Tolerances stand with each operation's cases; `relaxed` says that `gemm`
 * need not round products.
 */
export function conform(ops: Ops, relaxed = false): void {
  conformScratch(ops);
  conformDecode(ops);
  conformDecodeBlocks(ops);
  conformGather(ops);
  conformCompare(ops);
  conformBlockMeans(ops);
  conformBlockStats(ops);
  conformPackedStats(ops);
  conformBlockLevels(ops);
  conformMerge(ops);
  conformMergeBrick(ops);
  conformCountKeys(ops);
  conformCrc32c(ops);
  conformCountGroups(ops);
  conformSumSquares(ops);
  conformDense(ops);
  conformGemm(ops, !relaxed);
  conformGemv(ops);
  conformGram(ops);
  conformSyr2Symv(ops);
  conformNormal(ops);
  conformStepCells(ops);
  conformStepEnds(ops);
  conformStepVoxels(ops);
  conformShade(ops);
  conformPlaces(ops);
  conformPack(ops);
}
