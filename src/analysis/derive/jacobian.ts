import { BadRequest, NotFound, TooLarge } from "../../errors.ts";
import type { TensorInfo } from "../../formats/format.ts";
import { type Jacobian, measureJacobian } from "../jacobian.ts";
import { recover } from "../network/chain.ts";
import { MOST, single, sizeOf, type Tensor } from "../network/tensor.ts";
import {
  elementsOf,
  type Means as Tracing,
  pullBack,
  takenFor,
  type Trace,
  trace,
} from "../network/trace.ts";
import type { Deriver, Means, Recipe } from "./recipe.ts";

/** Outputs up to which a Jacobian is exact unless another method is asked for. */
export const FEW = 256;
/** Numbers on the way that are held for cotangents that are pulled back together. */
const TOGETHER = 2 ** 23;
/** Sides that are taken for channels where they come last. */
const CHANNELS = 4;

type Asked = Recipe & { readonly kind: "jacobian" };

/**
 * How a network's outputs change with its input x, pixel by pixel of one sample: ‖∂y/∂x‖ over a pixel's
 * channels; then, for hues, two coordinates of each pixel. `pair`: by how much its brightening moves the
 * outputs along the first two left singular vectors, Σ σ₁v₁ and Σ σ₂v₂ over its channels. `leading`:
 * components of v₁ itself, in the first two channels; of one channel, the second is 0. Notes tell
 * `frobenius`, ‖J‖_F, with its standard error, and the largest singular values.
 */
export const jacobian: Deriver<"jacobian"> = {
  planes: 3,
  shape: (_, from) => pixelsOf(sampleShape(from)).shape,

  async fill(recipe, { shape: from }, into, means) {
    const { linear, traced, notes } = linearOf(recipe, from, means);
    const isAuto = recipe.method === "auto";
    const method = isAuto ? (linear.outputs <= FEW ? "exact" : "hutchinson") : recipe.method;
    const found = await measureJacobian(linear, { method, probes: recipe.probes }, means);
    paint(found, recipe.hue, sampleShape(from), into);
    const { frobenius, error, deviation, rows, singular } = found;
    const estimated = { frobenius_error: [error], deviation: [deviation], probes: [rows] };
    return {
      ...{ frobenius: [frobenius], outputs: [traced.outputs], ...notes },
      ...(method === "exact" ? {} : estimated),
      [method === "exact" ? "singular" : "singular_estimated"]: singular,
    };
  },
};

/** The sides of a sample: all but the first, of which there is one a sample. */
export const sampleShape = (from: readonly number[]): readonly number[] =>
  from.length > 1 ? from.slice(1) : from;

/** The picture that a sample is of, and where its channels lie: outside, inside, or nowhere. */
export function pixelsOf(sample: readonly number[]): {
  readonly shape: readonly number[];
  readonly channels: number;
  readonly isInside: boolean;
} {
  if (sample.length < 3) {
    const side = Math.sqrt(sample[0] ?? 0);
    const isSquare = sample.length === 1 && Number.isInteger(side);
    return { shape: isSquare ? [side, side] : sample, channels: 1, isInside: false };
  }
  const [first = 0] = sample, last = sample.at(-1)!;
  return last <= CHANNELS && first > CHANNELS
    ? { shape: sample.slice(0, -1), channels: last, isInside: true }
    : { shape: sample.slice(1), channels: first, isInside: false };
}

/** Fills the planes: norms, and the coordinates that hues are of. */
function paint(
  { norms, right: [first, second], singular }: Jacobian,
  hue: Asked["hue"],
  sample: readonly number[],
  into: Float32Array,
): void {
  const { shape, channels, isInside } = pixelsOf(sample), pixels = sizeOf(shape);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = (channel: number) =>
      isInside ? pixel * channels + channel : channel * pixels + pixel;
    let squares = 0, along = 0, across = 0;
    for (let channel = 0; channel < channels; channel++) {
      squares += norms[at(channel)]! ** 2;
      along += (singular[0] ?? 0) * (first?.[at(channel)] ?? 0);
      across += (singular[1] ?? 0) * (second?.[at(channel)] ?? 0);
    }
    if (hue === "leading") {
      along = first?.[at(0)] ?? 0;
      across = channels > 1 ? first?.[at(1)] ?? 0 : 0;
    }
    into[pixel] = Math.sqrt(squares);
    into[pixels + pixel] = along;
    into[2 * pixels + pixel] = across;
  }
}

/** The linear map that a network is at a sample, and what there is to tell of it. */
function linearOf(recipe: Asked, from: readonly number[], { ops, cancelled, of }: Means) {
  const { computation, output } = recipe;
  if (!of) throw new NotFound("the network's weights cannot be read here");
  const tracing: Tracing = { arithmetic: single(ops), cancelled };
  let total = 0;
  const read = (tensor: TensorInfo): Tensor => {
    const { shape, read } = of(tensor);
    total += sizeOf(shape);
    if (total > MOST) {
      const sentence = `the network's weights and samples are ${total} numbers or more, of which ` +
        `${MOST} can be held`;
      throw new TooLarge(sentence, { found: total, limit: MOST });
    }
    return { shape, values: read(0, sizeOf(shape)) };
  };
  const { traced, row, notes } = computation.kind === "chain"
    ? ofChain(computation, recipe.sample, read, tracing)
    : ofGraph(computation, recipe.sample, read, tracing);
  const { result, start } = traced, inputs = sizeOf(sampleShape(from));
  // Results of samples come one after the other, or all belong to the only one.
  const outputs = row === null ? sizeOf(result.shape) : sizeOf(result.shape.slice(1));
  const first = (row ?? 0) * outputs, size = result.values.length, before = start.values.length;
  if (output !== null && output >= outputs) {
    throw new BadRequest(`output=${output} is not among those of the layer: 0 to ${outputs - 1}`, {
      ...{ parameter: "output", found: output, minimum: 0, maximum: outputs - 1 },
    });
  }
  const sample = computation.kind === "chain" ? 0 : recipe.sample;
  const pull = (given: Float32Array, count: number) => {
    const own = output === null ? outputs : 1, at = first + (output ?? 0);
    const cotangents = new Float32Array(count * size), found = new Float32Array(count * inputs);
    for (let i = 0; i < count; i++) {
      cotangents.set(given.subarray(i * own, (i + 1) * own), i * size + at);
    }
    const reached = pullBack(traced, cotangents, count, tracing);
    for (let i = 0; i < count; i++) {
      const there = i * before + sample * inputs;
      found.set(reached.subarray(there, there + inputs), i * inputs);
    }
    return found;
  };
  const atOnce = Math.max(1, Math.floor(TOGETHER / Math.max(1, elementsOf(traced))));
  const linear = { outputs: output === null ? outputs : 1, inputs, pull, atOnce };
  return { linear, traced: { outputs }, notes };
}

interface Traced {
  readonly traced: Trace;
  /** The row of the results that is the sample's; null where all are. */
  readonly row: number | null;
  readonly notes: Readonly<Record<string, readonly number[]>>;
}

function ofChain(
  computation: Asked["computation"] & { readonly kind: "chain" },
  sample: number,
  read: (tensor: TensorInfo) => Tensor,
  means: Tracing,
): Traced {
  const { nodes, constants, start, from, to, difference } = recover(
    ...[computation, sample, read, means] as const,
  );
  const known = (name: string) => name === from ? start : constants.get(name);
  const notes = { difference: [difference] };
  return { traced: trace(nodes, known, { from, to }, means), row: null, notes };
}

function ofGraph(
  { nodes, constants, input, tensor, output }: Asked["computation"] & { readonly kind: "graph" },
  sample: number,
  read: (tensor: TensorInfo) => Tensor,
  means: Tracing,
): Traced {
  const start = read(tensor), [samples = 1] = tensor.shape;
  // All of it first: of files that are far away, what is missing is then known at once.
  const known = new Map(
    takenFor(output, nodes).flatMap((name) => {
      const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
      return name === input ? [[name, start]] : constant ? [[name, read(constant)]] : [];
    }),
  );
  const traced = trace(nodes, (name) => known.get(name), { from: input, to: output }, means);
  const isEach = tensor.shape.length > 1 && traced.result.shape[0] === samples;
  return { traced, row: isEach ? sample : null, notes: {} };
}
