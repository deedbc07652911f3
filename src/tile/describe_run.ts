import { elementCount } from "../formats/format.ts";
import { decode, elements } from "../run/elements.ts";
import { segment } from "./address.ts";
import type { Forward } from "./runs.ts";

/** Values of an output that are told. */
const TOLD = 1024;

/** `POST /models/{model}/forward`: what was computed, and the model and step that hold it. */
export function describeRun({ model, step, results, captured, outputs }: Forward, base = "") {
  return {
    model: model.id,
    step,
    version: model.version,
    url: `${base}/models/${segment(model.id)}?step=${step}`,
    seconds: results.seconds,
    // What the network gives, with its values where they are few.
    results: results.outputs.filter(({ name }) => outputs.includes(name)).map((output) => {
      const { name, type, shape, bytes } = output;
      const element = elements.find(({ runtime }) => runtime === type)!;
      const isTold = elementCount(shape) <= TOLD;
      return {
        ...{ name, dtype: element.dtype, shape },
        ...(isTold ? { values: decode(element, bytes) } : {}),
      };
    }),
    captured: captured.map(({ kind, of, tensor: { name, dtype, shape } }) => ({
      ...{ kind, layer: of, name, dtype, shape },
    })),
  };
}
