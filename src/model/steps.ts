import { BadRequest } from "../errors.ts";
import type { Capture, Step } from "../formats/format.ts";
import { withCaptured } from "./captured.ts";
import { toldBy, withChain } from "./chain.ts";
import type { Layer, Model, Moment } from "./model.ts";
import { arrange } from "./structure.ts";

/** What is the same of a capture at all its steps. */
type Common = Omit<
  Model,
  "tensors" | "layers" | "structure" | "parameters" | "step" | "steps" | "at"
>;

/** More steps than this are not all named. */
const SHOWN = 12;
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
    const told = toldBy(step, steps);
    const layers = withChain(withCaptured(plain, step.captured, order), step, {
      ...{ order, metadata, told },
    });
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

/** A capture at the step of another model, or, where it has none of that number, at its last. */
export const atStepOf = (model: Model, { step }: Pick<Model, "step">): Model =>
  step !== null && model.steps.some((moment) => moment.step === step) ? model.at(step) : model;

/** Whether a model is still that of its id, which `modelOf` answers at its last step. */
export function isCurrent(model: Model, modelOf: (id: string) => Model): boolean {
  const now = modelOf(model.id);
  return now === model || (now.version === model.version && atStepOf(now, model) === model);
}

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
