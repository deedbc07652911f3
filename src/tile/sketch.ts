import { normOf, type Scale } from "../analysis/scale.ts";
import { histogramOf, unpackKeys } from "../analysis/sketch.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import type { Layers } from "./layers.ts";
import type { Found } from "./record.ts";

/** What one pass over a layer tells of its values; JSON as `GET /sketch` answers it. */
export interface LayerSketch {
  /** Finite values, of which all figures are. */
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly variance: number | null;
  readonly frobenius: number | null;
  readonly sparsity: number | null;
  readonly nan: number;
  readonly inf: number;
  /** Values at quantiles, by these. */
  readonly quantiles: Readonly<Record<string, number>>;
  /** Shares in 256 equal bins from min to max; null where the layer was not ingested. */
  readonly histogram: {
    readonly min: number;
    readonly max: number;
    readonly shares: readonly number[];
  } | null;
  /** How far quantiles and histogram can be trusted; null where they are exact. */
  readonly sketch: {
    readonly counted: number;
    readonly rank_error: number;
    readonly value_error: number;
  } | null;
}

const BINS = 256;
const QUANTILES = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

/** Puts a layer's scale, and what an ingest kept besides, into words of JSON. */
export function describeSketch(scale: Scale, found: Found | null): LayerSketch {
  const some = scale.count > 0;
  const known = (x: number) => some && Number.isFinite(x) ? x : null;
  const { min, max, quantiles, count, nan, positiveInfinity, negativeInfinity } = scale;
  const at = (q: number) => quantiles[Math.round(q * (quantiles.length - 1))]!;
  const sketch = found?.sketch ?? null;
  return {
    count,
    min: known(min),
    max: known(max),
    mean: known(scale.mean),
    variance: known(scale.variance),
    frobenius: known(normOf(scale)),
    sparsity: some ? scale.zero / count : null,
    nan,
    inf: positiveInfinity + negativeInfinity,
    quantiles: some ? Object.fromEntries(QUANTILES.map((q) => [q, at(q)])) : {},
    histogram: sketch && some
      ? {
        ...{ min, max },
        shares: histogramOf(unpackKeys(sketch.keys), scale, BINS, sketch.valueError === 0),
      }
      : null,
    sketch: sketch && {
      counted: sketch.counted,
      rank_error: sketch.rankError,
      value_error: sketch.valueError,
    },
  };
}

/** The sketch of a layer: from what an ingest has found of it, or from one pass over its values. */
export async function sketchOf(
  layers: Layers,
  model: Model,
  tensor: TensorInfo,
  found: Found | null,
  signal?: AbortSignal,
): Promise<LayerSketch> {
  if (found) return describeSketch(found.scale, found);
  const entry = layers.entry(model, tensor);
  await layers.ready(entry, { facts: true, channels: "none", pyramid: false }, signal);
  return describeSketch(entry.facts!.scale, null);
}
