import { elementCount, type Metadata, type Step, type TensorInfo } from "../formats/format.ts";
import type { Layer } from "./model.ts";
import { type Computation, type Link, ofWholeNumbers } from "./network.ts";

/** What the samples of a capture are called that its activations are of. */
const INPUT = "input";

interface Moment {
  readonly order: readonly string[];
  readonly metadata: Metadata;
  /** The step whose results tell what layers do: this one, or the last that has any. */
  readonly told: Step;
}

/** The step of these that tells what layers do at one of them. */
export const toldBy = (step: Step, steps: readonly Step[]): Step =>
  hasActivations(step) ? step : steps.findLast(hasActivations) ?? step;

const hasActivations = ({ captured }: Step) => captured.some(({ kind }) => kind === "activation");

/**
 * Layers of a capture at a step, with what is known of how each follows from the input. What they do is
 * the same at all steps: where this one has no activations, those of another tell.
 */
export function withChain(
  layers: readonly Layer[],
  step: Step,
  { order: given, metadata, told }: Moment,
): Layer[] {
  const { captured } = told;
  const input = captured.find(({ kind, of }) => kind === "sample" && of === INPUT)?.tensor;
  const activations = new Map(
    captured.flatMap(({ kind, of, tensor }) => kind === "activation" ? [[of, tensor]] : []),
  );
  if (!input || activations.size === 0) return [...layers];
  const order = given.length > 0 ? given : [...activations.keys()];
  const links = order.map((name) => ({
    name,
    weights: told.tensors.filter((tensor) => tensor.name.startsWith(`${name}.`)),
    activation: activations.get(name),
  }));
  const there = Object.fromEntries(step.tensors.map((tensor) => [tensor.name, tensor]));
  const weights = told === step ? null : there;
  const computationOf = (count: number): Computation => {
    const own = links.slice(0, count);
    const lost = own.flatMap(({ weights }) => weights)
      .find(({ name }) => !Object.hasOwn(there, name));
    const lacks = lost
      ? `all weights of step ${step.step}: "${lost.name}" is not there`
      : lackOf(input, own, metadata);
    if (lacks !== null) return { kind: "unknown", missing: lacks };
    const number = (name: string, usual: number) => {
      const value = metadata[name];
      return typeof value === "number" && Number.isFinite(value) ? value : usual;
    };
    const scaling = { scale: number("input_scale", 1), shift: number("input_shift", 0) };
    const known = own as readonly Link[];
    return { kind: "chain", tensor: input, ...scaling, links: known, weights };
  };
  return layers.map((layer) => {
    const isInput = layer.captured.some(({ tensor }) => tensor === input);
    const last = layer.captured.find(({ kind }) => kind === "activation")?.of ?? layer.name;
    const depth = isInput ? links.length : links.findIndex(({ name }) => name === last) + 1;
    return depth === 0 ? layer : { ...layer, computation: computationOf(depth) };
  });
}

/** What would be needed to tell how the last of these layers follows from the input; null for nothing. */
function lackOf(
  input: TensorInfo,
  links: readonly (Omit<Link, "activation"> & { readonly activation: TensorInfo | undefined })[],
  metadata: Metadata,
): string | null {
  const { dtype, shape } = input;
  if (!/^B?F/.test(dtype) && dtype !== "U8" && metadata["input_scale"] === undefined) {
    return ofWholeNumbers(input);
  }
  if (shape.length < 2 || shape.includes(0)) return `samples of several features: it is [${shape}]`;
  const odd = links.find(({ activation }) => !activation);
  if (odd) return `captured activations of all layers: "act/${odd.name}" is not there`;
  const long = links.find(({ activation }) => !within(activation!.shape[0] ?? 0, shape[0]!));
  if (long) {
    return `activations of its ${shape[0]} samples, or of the first of them: ` +
      `"${long.activation!.name}" is [${long.activation!.shape}]`;
  }
  const [first] = links, kernel = first?.weights.find(({ shape }) => shape.length > 1);
  if (!kernel) return null;
  const [, taken = 0] = kernel.shape, isProduct = kernel.shape.length === 2;
  // Pictures without an axis of channels have one.
  const channels = shape.length < kernel.shape.length ? 1 : shape[1]!;
  const features = isProduct ? elementCount(shape.slice(1)) : channels;
  const fits = isProduct ? features === taken : features % taken === 0;
  return fits
    ? null
    : `weights that take the input's ${features} features: "${kernel.name}" takes ${taken}`;
}

const within = (count: number, most: number) => count > 0 && count <= most;
