import type { Op } from "./op.ts";
import { broadcastOps } from "./ops/broadcast.ts";
import { conv } from "./ops/conv.ts";
import { convTranspose } from "./ops/conv_transpose.ts";
import { elementwiseOps } from "./ops/elementwise.ts";
import { extremeOps } from "./ops/extremes.ts";
import { normOps } from "./ops/norms.ts";
import { poolOps } from "./ops/pools.ts";
import { productOps } from "./ops/products.ts";
import { reductionOps } from "./ops/reductions.ts";
import { selectionOps } from "./ops/selections.ts";
import { shapeOps } from "./ops/shapes.ts";

/** Operations by ONNX's names. */
export const ops: ReadonlyMap<string, Op> = new Map(Object.entries({
  ...productOps,
  Conv: conv,
  ConvTranspose: convTranspose,
  ...elementwiseOps,
  ...broadcastOps,
  ...extremeOps,
  ...poolOps,
  ...normOps,
  ...reductionOps,
  ...selectionOps,
  ...shapeOps,
}));
