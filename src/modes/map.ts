import { fitting, isFixed } from "./compared.ts";
import type { Legend, MapMode, Options, Parameter } from "./mode.ts";
import { tintOf, weights } from "./weights.ts";

const scope: Parameter = {
  name: "scope",
  title: "Scale",
  about: "layer: each tensor is coloured by its own scale; model: all by that of the whole model.",
  type: "choice",
  default: "layer",
  choices: ["layer", "model"],
};

/** Parameters of a layer's picture that mean nothing for many of them at once. */
const isAlone = ({ name, artistic }: Parameter) =>
  artistic === true || name === "axes" || name === "scientific";

const usual = Object.fromEntries(
  weights.parameters.filter(isAlone).map(({ name, default: value }) => [name, value]),
);

/** Options that are numbers of a layer's own: with them all layers share one ramp. */
const isShared = (options: Options): boolean => options.scope === "model" || options.range !== null;

/** Every parameter of the model a pixel of one map. */
export const map: MapMode = {
  name: "map",
  title: "Map",
  about:
    "Every parameter of the model a pixel, each tensor in its place; further out, means of blocks.",
  overzoom: weights.overzoom,
  parameters: [...weights.parameters.filter((parameter) => !isAlone(parameter)), scope],
  part: weights,
  partOptions: ({ scope: _, ...options }) => ({ ...fitting(options), ...usual }),
  isShared,
  shade: (options, scale) => tintOf(options, scale),

  legend(options, scale, slopes): Legend {
    const own = weights.legend({ ...options, ...usual }, { scale, channels: null }, slopes);
    if (isShared(options) || isFixed(options)) return own;
    return {
      ...own,
      title: `${own.title}, in units of its tensor's own scale`,
      normalization: `${
        own.normalization.replace(/ \/ 1\b/, " / s")
      }; s is each tensor's robust scale`,
    };
  },
};
