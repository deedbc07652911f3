import type { Ops } from "../compute/ops.ts";
import type { Dtype } from "../formats/format.ts";
import type { HeadFigures } from "./attention_figures.ts";
import { addSquares } from "./channels.ts";
import { Histogram } from "./histogram.ts";
import { mergeMoments, momentsOf, noMoments } from "./measure.ts";
import { type SpectralDensity, spectralDensity } from "./esd.ts";
import type { Reader } from "./matrix.ts";
import { scaleFor } from "./row_bands.ts";
import { shuffle } from "./shuffled.ts";
import { isSmall, spectrum } from "./spectrum.ts";

/** SPEC 10: what is known of a layer's values; JSON as `GET /summary` answers it. */
export interface Summary extends SpectralDensity {
  readonly count: number;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population variance. */
  readonly variance: number | null;
  readonly l1: number | null;
  /** Frobenius norm. */
  readonly frobenius: number | null;
  /** Largest singular value of the view [first axis, all others]; null for fewer than two axes. */
  readonly spectral_norm: number | null;
  /** Largest first; at most 16. */
  readonly singular_values: readonly number[] | null;
  /** 64 of all of them, evenly spaced in the logarithm of their place, from 1 on, as [place, value]; where all were computed. */
  readonly spectrum: readonly (readonly [number, number])[] | null;
  /** ‖W‖²_F / σ₁². */
  readonly stable_rank: number | null;
  /** exp of the entropy of σ²/Σσ² over the full spectrum, where the full spectrum was computed. */
  readonly effective_rank: number | null;
  /** Share of exact zeros. */
  readonly sparsity: number | null;
  /** Share of values above zero. */
  readonly positive: number | null;
  readonly nan: number;
  readonly inf: number;
  /** 256 equal bins from min to max, the last one closed; null where there is no finite value. */
  readonly histogram: {
    readonly min: number;
    readonly max: number;
    readonly counts: readonly number[];
  } | null;
  /** Euclidean norm of each slice of the output axis; the first 4096. */
  readonly channel_norms: readonly number[] | null;
}

/** A summary, and what is known of attention alone. */
export interface TensorSummary extends Summary {
  /** By head. */
  readonly attention: readonly HeadFigures[] | null;
}

/** Singular values of a layer's view [first axis, all others], largest first. */
export interface Spectra {
  /** All of them, or those that were found of a matrix that is not small. */
  readonly values: Float64Array;
  /** Whether they are all, and so far within float64 that their squares are. */
  readonly isFull: boolean;
  /** All of those of the same numbers shuffled; null where there are too many to be held. */
  readonly shuffled: Float64Array | null;
}

/** A summary, and the singular values that it was made of; null where there are none. */
export interface Summarised<S extends Summary = Summary> {
  readonly summary: S;
  readonly spectra: Spectra | null;
}

/** The same, and what is known of the gradient where one was captured. */
export interface LayerSummary extends TensorSummary {
  /** Euclidean norm of dL/dW. */
  readonly gradient_norm: number | null;
  /** Of the gradient's numbers other than zero, the share that is positive. */
  readonly gradient_sign_ratio: number | null;
}

/** The summary of a layer of which that of the gradient is given, if it was captured. */
export function withGradient(summary: TensorSummary, gradient: Summary | null): LayerSummary {
  const { frobenius = null, positive = null, sparsity = null, count = 0 } = gradient ?? {};
  const others = gradient ? (gradient.nan + gradient.inf) / count : 0;
  const signed = positive === null || sparsity === null ? 0 : 1 - sparsity - others;
  return {
    ...summary,
    gradient_norm: frobenius,
    gradient_sign_ratio: positive !== null && signed > 0 ? number(positive / signed) : null,
  };
}

const HISTOGRAM_BINS = 256;
export const SINGULAR_VALUES = 16;
/** Elements up to which they are computed: a minute or so for the largest. */
export const SINGULAR_ELEMENTS = 2 ** 30;
const CHANNELS = 4096;
// Elements read at once.
const CHUNK = 1 << 18;
// Elements that are shuffled, as they have to be held.
const SHUFFLED = 1 << 22;
// Binary places from 1 at which fourth powers would leave float64's range: of float32, nothing is so far.
const FAR = 200;
// Singular values of a picture of all of them.
const SPREAD = 64;

export interface SummariseOptions {
  readonly ops: Ops;
  /** The largest singular values, found before, of what is not small; null where they are not known. */
  readonly singular: readonly number[] | null;
  /** Throws when the summary is no longer wanted. */
  readonly cancelled?: () => void;
}

/** What a summary needs to know of a tensor. */
export interface Described {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** The axis of its output channels, where that is not the first one. */
  readonly outputAxis?: number;
}

/**
 * Summarises a tensor in two passes over its values and those of the spectrum. The reader gives
 * dtypes wider than float32 (F64, I64, I32, U64, U32) as float64, so that the histogram is exact.
 * All figures are of the finite values; a matrix with others has no singular values.
 */
export async function summarise(
  tensor: Described,
  read: Reader,
  options: SummariseOptions,
): Promise<Summarised> {
  const { shape, dtype, outputAxis = 0 } = tensor;
  const { ops, cancelled = () => {} } = options;
  const count = shape.reduce((product, side) => product * side, 1);
  const rows = shape.length < 2 ? 1 : shape[0]!;
  const columns = rows === 0 ? 0 : count / rows;

  let moments = noMoments;
  const channels = shape.length < 2 ? 0 : shape[outputAxis]!;
  const inner = shape.slice(outputAxis + 1).reduce((product, side) => product * side, 1);
  const channelSquares = new Float64Array(Math.min(channels, CHANNELS));
  await eachChunk(read, count, cancelled, (values, from) => {
    moments = mergeMoments(moments, momentsOf(values));
    if (channels > 0) addSquares(values, from, { count: channels, inner }, channelSquares);
  });

  const { min, max, nan, squares } = moments;
  const inf = moments.positiveInfinity + moments.negativeInfinity;
  const some = moments.count > 0;
  const histogram = some ? new Histogram(min, max, HISTOGRAM_BINS) : null;
  if (histogram) await eachChunk(read, count, cancelled, (values) => histogram.add(values));

  // Of numbers whose squares leave float64's range those near 1 are looked into, and have no density.
  const scale = some ? scaleFor(Math.max(-min, max), FAR) : 1;
  const matrix = { rows, columns, read: scale === 1 ? read : scaled(read, scale) };
  const isMatrix = shape.length > 1 && some && nan + inf === 0;
  const found = isMatrix && isSmall(matrix) ? await spectrum(matrix, ops, cancelled) : null;
  const full = found?.map((sigma) => sigma / scale) ?? null;
  const singular = full
    ? [...full.subarray(0, SINGULAR_VALUES)]
    : isMatrix
    ? options.singular
    : null;
  const largest = singular?.[0];
  const shuffled = full && scale === 1 && count <= SHUFFLED
    ? await spectrum(await shuffle(matrix, CHUNK, cancelled), ops, cancelled)
    : null;
  const density = spectralDensity(
    isMatrix ? squares : 0,
    number(largest),
    scale === 1 ? full : null,
    shuffled,
    [rows, columns],
  );
  const summary = {
    count,
    shape,
    dtype,
    min: number(min),
    max: number(max),
    mean: number(moments.mean),
    variance: some ? number(moments.m2 / moments.count) : null,
    l1: some ? number(moments.l1) : null,
    frobenius: some ? number(Math.sqrt(squares)) : null,
    spectral_norm: number(largest),
    singular_values: singular,
    spectrum: full && spread(full),
    ...density,
    stable_rank: largest ? number(squares / largest ** 2) : null,
    effective_rank: effectiveRank(found),
    sparsity: count > 0 ? moments.zero / count : null,
    positive: count > 0 ? moments.positive / count : null,
    nan,
    inf,
    histogram: histogram && { min, max, counts: histogram.counts },
    channel_norms: shape.length > 1 && some ? Array.from(channelSquares, Math.sqrt) : null,
  };
  const values = full ?? (singular && Float64Array.from(singular));
  return { summary, spectra: values && { values, isFull: full !== null && scale === 1, shuffled } };
}

/** Some of many values, with their places from 1 on: the first ones, then ever fewer, and the last. */
function spread(values: Float64Array): [number, number][] {
  const places = Array.from(
    { length: SPREAD },
    (_, i) => Math.round(values.length ** (i / (SPREAD - 1))),
  );
  return [...new Set(places)].map((place) => [place, values[place - 1]!]);
}

const scaled = (read: Reader, scale: number): Reader => async (from, count) =>
  Float64Array.from(await read(from, count), (value) => value * scale);

/** JSON has no NaN and no infinity. */
function number(x: number | undefined): number | null {
  return x !== undefined && Number.isFinite(x) ? x : null;
}

async function eachChunk(
  read: Reader,
  count: number,
  cancelled: () => void,
  visit: (values: Float32Array | Float64Array, from: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    cancelled();
    visit(await read(from, Math.min(CHUNK, count - from)), from);
  }
}

/**
 * exp of the entropy of σ²/Σσ²: how many equal singular values would be as spread out.
 * Source: O. Roy, M. Vetterli, "The effective rank" (2007), here of energies.
 */
function effectiveRank(full: Float64Array | null): number | null {
  if (!full) return null;
  const energies = full.map((sigma) => sigma * sigma);
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  if (!(total > 0)) return null;
  const entropy = energies.reduce((sum, energy) => {
    const share = energy / total;
    return share > 0 ? sum - share * Math.log(share) : sum;
  }, 0);
  return number(Math.exp(entropy));
}
