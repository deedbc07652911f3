import { capturedOf } from "../model/captured.ts";
import type { Layer } from "../model/model.ts";
import { comparisonParameters } from "./compared.ts";
import { slopes } from "./hsv.ts";
import type { Legend, Mode } from "./mode.ts";
import { short, special } from "./normalize.ts";
import { blocks, legendOf, weights } from "./weights.ts";

/** A layer's captured gradient: every parameter's dL/dW a pixel. */
export const gradients: Mode = {
  ...weights,
  name: "gradients",
  title: "Gradients",
  about: "The loss's derivative by every parameter, where it was captured.",
  parameters: [
    {
      name: "hsv",
      title: "Slopes",
      about: "Hue is where values grow towards, saturation how fast, brightness their size.",
      type: "boolean",
      default: false,
    },
    ...weights.parameters.filter((parameter) => !comparisonParameters.includes(parameter)),
  ],

  missing(layer) {
    if (!gradientOf(layer)) return `a captured gradient: "grad/${layer.main.name}" of a capture`;
    return layer.main.shape.includes(0) ? "elements: this tensor has none" : null;
  },
  subject: gradientOf,
  needsChannels: (options) => options.hsv ? "none" : weights.needsChannels(options),
  needsScale: (options, log2) => options.hsv === true || weights.needsScale!(options, log2),

  legend(options, facts): Legend {
    if (!options.hsv) return legendOf(options, facts, "Gradient dL/dW");
    const s = short(robust(facts.scale));
    return {
      title: "Slopes of the gradient dL/dW",
      style: "scientific",
      normalization: `∇ is the spatial central difference; hue atan2(∂y, ∂x), ` +
        `saturation tanh(|∇| / ${s}), brightness tanh(|x| / ${s})`,
      special: special(facts.scale).map((entry) => ({ ...entry, color: "#000000" })),
    };
  },

  prepare(options, facts, plane) {
    if (!options.hsv) return weights.prepare(options, facts, plane);
    const s = robust(facts.scale);
    return (canvas) => slopes(canvas, s, (cells) => blocks(cells));
  },
};

/** The gradient of the tensor that stands for a layer, which may be a gradient itself. */
function gradientOf(layer: Layer) {
  const { main } = layer;
  return capturedOf(layer, "gradient", main.name)?.tensor ??
    layer.captured.find(({ kind, tensor }) => kind === "gradient" && tensor === main)?.tensor;
}

const robust = ({ robust }: { readonly robust: number }) => robust > 0 ? robust : 1;
