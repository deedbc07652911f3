import type { Op } from "./op.ts";
import { broadcastOps } from "./ops/broadcast.ts";
import { conv } from "./ops/conv.ts";
import { elementwiseOps } from "./ops/elementwise.ts";
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
  ...elementwiseOps,
  ...broadcastOps,
  ...poolOps,
  ...normOps,
  ...reductionOps,
  ...selectionOps,
  ...shapeOps,
}));
