import type { TensorInfo } from "../../formats/format.ts";
import { NotFound } from "../../errors.ts";
import type { Computation, Link, NetworkNode } from "../../model/network.ts";
import { bodiesOf, closings, type Shaped } from "./layouts.ts";
import { sizeOf, type Tensor } from "./tensor.ts";
import { type Means, trace } from "./trace.ts";

/** Share of the largest activation that a layer may be off by: twice what float16 rounds away. */
export const TOLERANCE = 1e-3;
/** Samples that a layer is held against. */
const SAMPLES = 16;

/** A network that gives what was captured. */
export interface Recovered {
  readonly nodes: readonly NetworkNode[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** The sample that was asked for, alone. */
  readonly start: Tensor;
  readonly from: string;
  readonly to: string;
  /** Largest difference from what was captured, as a share of the largest activation of its layer. */
  readonly difference: number;
}

/**
 * Finds what a chain's layers do with their weights: products, convolutions and norms, activation
 * functions and pools are tried until one way gives each layer's captured activations, to `TOLERANCE`.
 * Throws `NotFound` for a layer that none does, telling how near one came.
 */
export function recover(
  { tensor, scale, shift, links }: Computation & { readonly kind: "chain" },
  sample: number,
  read: (tensor: TensorInfo) => Tensor,
  means: Means,
): Recovered {
  const { arithmetic } = means, input = read(tensor);
  const count = Math.min(...links.map(({ activation }) => activation.shape[0]!));
  const chosen = [...new Set([sample, ...Array(count).keys()])].filter((i) => i < count)
    .slice(0, SAMPLES);
  const scaled = (samples: readonly number[]): Tensor => {
    const { shape, values } = pick(input, samples, arithmetic.zeros);
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * scale + shift;
    return { shape, values };
  };
  const nodes: NetworkNode[] = [], constants = new Map<string, Tensor>();
  let at: Tensor = scaled(chosen), from = "input", difference = 0;
  for (const link of links) {
    means.cancelled();
    const expected = pick(read(link.activation), chosen, arithmetic.zeros);
    for (const weight of link.weights) constants.set(weight.name, read(weight));
    const found = match(link, { name: from, value: at }, expected, constants, means);
    nodes.push(...found.nodes);
    [from, at] = [found.to, found.value];
    difference = Math.max(difference, found.difference);
  }
  return { nodes, constants, start: scaled([sample]), from: "input", to: from, difference };
}

interface Match {
  readonly nodes: readonly NetworkNode[];
  readonly to: string;
  readonly value: Tensor;
  readonly difference: number;
}

/** The way of a layer that comes nearest to what it computed, of those that begin alike. */
function match(
  link: Link,
  before: { readonly name: string; readonly value: Tensor },
  expected: Tensor,
  constants: ReadonlyMap<string, Tensor>,
  means: Means,
): Match {
  let best = null as Match | null, tried = 0;
  const known = (name: string) => name === before.name ? before.value : constants.get(name);
  const start: Shaped = { name: before.name, shape: before.value.shape };
  for (const body of bodiesOf(link, start, expected.shape)) {
    means.cancelled();
    const { result } = body.nodes.length === 0
      ? { result: before.value }
      : trace(body.nodes, known, { from: before.name, to: body.to }, means);
    for (const closing of closings(body, result.shape, expected.shape)) {
      const after = (name: string) => name === body.to ? result : known(name);
      const { result: value } = closing.nodes.length === 0
        ? { result }
        : trace(closing.nodes, after, { from: body.to, to: closing.to }, means);
      if (`${value.shape}` !== `${expected.shape}`) continue;
      tried++;
      const difference = differenceOf(value, expected);
      if (best && !(difference < best.difference)) continue;
      best = { nodes: [...body.nodes, ...closing.nodes], to: closing.to, value, difference };
    }
    if (best && best.difference <= TOLERANCE) return best;
  }
  const named = `layer "${link.name}"`;
  if (!best) {
    throw new NotFound(
      `${named} is no product, convolution, norm or pool that makes [${
        expected.shape.slice(1)
      }] of ` +
        `[${before.value.shape.slice(1)}] with ${weightsIn(link)}`,
      { layer: link.name, found: expected.shape, from: before.value.shape },
    );
  }
  const way = best.nodes.map(({ op }) => op).join(", ") || "nothing";
  throw new NotFound(
    `what ${named} does is not known: of ${tried} ways that were tried the nearest, ${way}, is off by ` +
      `${best.difference.toPrecision(2)} of its largest activation, and ${TOLERANCE} is allowed`,
    { layer: link.name, found: best.difference, limit: TOLERANCE },
  );
}

const weightsIn = ({ weights }: Link) =>
  weights.map(({ name, shape }) => `"${name}" [${shape}]`).join(", ") || "no weights";

function differenceOf({ values }: Tensor, { values: expected }: Tensor): number {
  let most = 0, largest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i]! - expected[i]!);
    if (!(difference <= most)) most = difference; // a NaN stays
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largest > 0 ? most / largest : most;
}

/** Some samples of a tensor, which come first in it. */
function pick(
  { shape: [, ...sides], values }: Tensor,
  samples: readonly number[],
  zeros: Means["arithmetic"]["zeros"],
): Tensor {
  const size = sizeOf(sides), out = zeros(samples.length * size);
  for (const [to, from] of samples.entries()) {
    out.set(values.subarray(from * size, (from + 1) * size), to * size);
  }
  return { shape: [samples.length, ...sides], values: out };
}
