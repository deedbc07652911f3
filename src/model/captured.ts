import type { Captured, CapturedKind, TensorInfo } from "../formats/format.ts";
import type { Layer } from "./model.ts";

/** Of several tensors of a layer without weights, which stands for it. */
const ranks: readonly CapturedKind[] = ["activation", "attention", "gradient", "sample"];

/**
 * Layers with what a capture has of them: a gradient goes to the layer of its weight, what was
 * computed to the layer of its name, or to one more, which come in order of depth after the others.
 */
export function withCaptured(
  layers: readonly Layer[],
  captured: readonly Captured[],
  order: readonly string[],
): Layer[] {
  const byWeight = new Map(
    layers.flatMap(({ name, tensors }) => tensors.map((t) => [t.name, name])),
  );
  const known = new Set(layers.map(({ name }) => name));
  const of = Map.groupBy(
    captured,
    ({ kind, of }) => kind === "gradient" ? byWeight.get(of) ?? of : of,
  );
  const depth = new Map(order.map((name, i) => [name, i]));
  const place = (name: string) => depth.get(name) ?? order.length;
  const others = [...of.keys()].filter((name) => !known.has(name));
  return [
    ...layers.map((layer) => ({ ...layer, captured: of.get(layer.name) ?? [] })),
    ...others.sort((a, b) => place(a) - place(b)).map((name) => computed(name, of.get(name)!)),
  ];
}

/** A layer without weights. */
function computed(name: string, captured: readonly Captured[]): Layer {
  const [{ kind, tensor }] = captured.toSorted((a, b) =>
    ranks.indexOf(a.kind) - ranks.indexOf(b.kind)
  ) as [Captured];
  return {
    ...{ name, kind, main: tensor, captured, tensors: [], parameters: 0 },
    ...{ role: null, block: null, inputs: [], aliases: [] },
  };
}

/** What a capture has of a tensor's kind for a layer: of a gradient, that of the tensor. */
export const capturedOf = (
  { captured }: Layer,
  kind: CapturedKind,
  of?: string,
): Captured | undefined =>
  captured.find((one) => one.kind === kind && (of === undefined || one.of === of));

const known = new WeakMap<readonly Layer[], ReadonlyMap<string, TensorInfo>>();

/** Captured gradients of a model's weights, by the weights' names. */
export function gradientsOf(layers: readonly Layer[]): ReadonlyMap<string, TensorInfo> {
  let gradients = known.get(layers);
  if (!gradients) {
    const captured = layers.flatMap(({ captured }) => captured);
    const own = captured.filter(({ kind }) => kind === "gradient");
    known.set(layers, gradients = new Map(own.map(({ of, tensor }) => [of, tensor])));
  }
  return gradients;
}
