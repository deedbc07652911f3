import type { TensorInfo } from "../../formats/format.ts";
import { NotFound } from "../../errors.ts";
import type { Computation, Link, NetworkNode } from "../../model/network.ts";
import { bodiesOf, closings, type Way } from "./layouts.ts";
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
  { tensor, scale, shift, links, weights }: Computation & { readonly kind: "chain" },
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
  // All of it first: of files that are far away, what is missing is then known at once.
  const constants = new Map(
    links.flatMap((link) => link.weights).map((weight) => [weight.name, read(weight)]),
  );
  const now = weights &&
    new Map([...constants.keys()].map((name) => [name, read(weights[name]!)]));
  const activations = links.map((link) => read(link.activation));
  const nodes: NetworkNode[] = [];
  let at: Tensor = scaled(chosen), from = "input", difference = 0;
  for (const [i, link] of links.entries()) {
    const expected = pick(activations[i]!, chosen, arithmetic.zeros);
    const found = match(link, { name: from, value: at }, expected, constants, means);
    nodes.push(...found.nodes);
    [from, at] = [found.to, found.value];
    difference = Math.max(difference, found.difference);
  }
  return {
    nodes,
    constants: now ?? constants,
    start: scaled([sample]),
    from: "input",
    to: from,
    difference,
  };
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
  const compute = ({ nodes, to }: Way, from: string, value: Tensor): Tensor => {
    const known = (name: string) => name === from ? value : constants.get(name);
    return nodes.length === 0 ? value : trace(nodes, known, { from, to }, means).result;
  };
  // Nearly all ways are far off at one sample already.
  const one = firstOf(before.value), goal = firstOf(expected);
  let nearest: { readonly nodes: readonly NetworkNode[]; readonly difference: number } | null =
    null;
  let tried = 0;
  for (const body of bodiesOf(link, { name: before.name, shape: one.shape }, goal.shape)) {
    means.cancelled();
    let best: Match | null = null;
    const result = compute(body, before.name, one);
    for (const closing of closings(body, result.shape, goal.shape)) {
      const nodes = [...body.nodes, ...closing.nodes], way: Way = { nodes, to: closing.to };
      const difference = differenceOf(compute(closing, body.to, result), goal);
      tried++;
      if (!nearest || difference < nearest.difference) nearest = { nodes, difference };
      if (difference > TOLERANCE) continue;
      const value = compute(way, before.name, before.value);
      const own = { ...way, value, difference: differenceOf(value, expected) };
      if (own.difference > nearest.difference) nearest = own;
      if (own.difference > TOLERANCE) continue;
      // Of equals the most usual, which comes first.
      if (!best || own.difference < best.difference) best = own;
    }
    if (best) return best;
  }
  throw unlike(link, nearest, tried, one.shape, goal.shape);
}

/** The error for a layer that nothing gives. */
function unlike(
  link: Link,
  nearest: { readonly nodes: readonly NetworkNode[]; readonly difference: number } | null,
  tried: number,
  [, ...from]: readonly number[],
  [, ...to]: readonly number[],
): NotFound {
  if (!nearest) {
    return new NotFound(
      `layer "${link.name}" is no product, convolution, norm or pool that makes [${to}] of [${from}] ` +
        `with ${weightsIn(link)}`,
      { layer: link.name, found: to, from },
    );
  }
  const way = nearest.nodes.map(({ op }) => op).join(", ") || "nothing";
  return new NotFound(
    `what layer "${link.name}" does is not known: of ${tried} ways that were tried the nearest, ${way}, ` +
      `is off by ${nearest.difference.toPrecision(2)} of its largest activation, of which ` +
      `${TOLERANCE} is allowed`,
    { layer: link.name, found: nearest.difference, limit: TOLERANCE },
  );
}

const firstOf = ({ shape: [, ...sides], values }: Tensor): Tensor => ({
  shape: [1, ...sides],
  values: values.subarray(0, sizeOf(sides)),
});

const weightsIn = ({ weights }: Link) =>
  weights.map(({ name, shape }) => `"${name}" [${shape}]`).join(", ") || "no weights";

function differenceOf({ values }: Tensor, { values: expected }: Tensor): number {
  let most = 0, largest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i]! - expected[i]!);
    if (Number.isNaN(difference)) return Infinity;
    most = Math.max(most, difference);
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
