import { BadRequest } from "../errors.ts";
import type { Capture, Captured, CapturedKind, Step } from "../formats/format.ts";
import type { Layer, Model, Moment } from "./model.ts";
import { arrange } from "./structure.ts";

/** What is the same of a capture at all its steps. */
type Common = Omit<
  Model,
  "tensors" | "layers" | "structure" | "parameters" | "step" | "steps" | "at"
>;

/** More steps than this are not all named. */
const SHOWN = 12;
/** Of several tensors of a layer without weights, which stands for it. */
const ranks: readonly CapturedKind[] = ["activation", "attention", "gradient", "sample"];

/** A capture at its last step; at others, each is arranged when it is first asked for. */
export function openCapture(common: Common, { order, steps }: Capture): Model {
  const moments: readonly Moment[] = steps.map(({ step, facts }) => ({ step, facts }));
  const made = new Map<number, Model>();
  const at = (number: number): Model => {
    let model = made.get(number);
    if (model) return model;
    const step = steps.find(({ step }) => step === number);
    if (!step) refuseStep(common.id, number, steps);
    const { metadata } = common;
    const { layers: plain, structure } = arrange({ tensors: step.tensors, metadata });
    const layers = withCaptured(plain, step.captured, order);
    model = {
      ...{ ...common, layers, structure, parameters: parametersOf(layers) },
      ...{ step: number, steps: moments, at },
      tensors: [...step.tensors, ...step.captured.map(({ tensor }) => tensor)],
    };
    made.set(number, model);
    return model;
  };
  return at(steps.at(-1)!.step);
}

/** Elements of all weights. */
export const parametersOf = (layers: readonly Layer[]): number =>
  layers.reduce((sum, { parameters }) => sum + parameters, 0);

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

/** Throws the error for a moment that a model does not have. */
export function refuseStep(
  id: string,
  found: number | string,
  steps: readonly Pick<Step, "step">[],
): never {
  const known = steps.map(({ step }) => step);
  const has = known.length === 0
    ? "is no capture of a training, and has no steps"
    : known.length > SHOWN
    ? `has ${known.length} steps from ${known[0]} to ${known.at(-1)}`
    : `has the steps ${known.join(", ")}`;
  const sentence = `step=${found}: model "${id}" ${has}`;
  throw new BadRequest(sentence, { parameter: "step", found, allowed: known });
}

/** Whether a model is as it is opened: of a capture, at its last step. */
export const isLatest = ({ step, steps }: Pick<Model, "step" | "steps">): boolean =>
  step === (steps.at(-1)?.step ?? null);

/** A model at the step that a query asks for, or as it is. Throws `BadRequest`. */
export function atStep(model: Model, query: URLSearchParams): Model {
  const given = query.getAll("step");
  if (given.length === 0) return model;
  const [text] = given;
  if (given.length > 1 || !/^\d{1,15}$/.test(text!)) {
    refuseStep(model.id, given.join(", "), model.steps);
  }
  return model.at(Number(text));
}
