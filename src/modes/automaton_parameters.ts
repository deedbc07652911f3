import { MAX_STEPS } from "../field/automaton/advance.ts";
import { colormaps } from "./colormaps.ts";
import type { Parameter } from "./mode.ts";

const strength = (name: string, title: string, about: string, value: number): Parameter => ({
  ...{ name, title, about },
  ...{ type: "number", default: value, minimum: -2, maximum: 2 },
});

/** As `FIELDS` has them. */
export const fields = ["mean", "variance", "gradient", "weight", "spectral"] as const;

/** What can be asked of an automaton. */
export const automatonParameters: readonly Parameter[] = [
  {
    name: "t",
    title: "Steps",
    about: "Steps that the automaton has taken.",
    type: "integer",
    default: 16,
    minimum: 0,
    maximum: MAX_STEPS,
  },
  {
    name: "field",
    title: "Field",
    about:
      "Which of a cell's numbers is shown: its mean, spread and gradient in units of the layer's scale, its channel's norm by the largest, its part of the dominant singular component.",
    type: "choice",
    default: fields[0],
    choices: fields,
  },
  strength("alpha", "Diffusion", "α: how far a cell goes towards its neighbours' mean.", 0.5),
  strength(
    "beta",
    "Weight",
    "β: how much a cell's channel norm, by the largest, amplifies it.",
    0.8,
  ),
  strength("gamma", "Gradient", "γ: how much a cell's gradient, as it was at first, pushes it.", 0),
  {
    name: "nonlinearity",
    title: "Nonlinearity",
    about: "What each step ends with.",
    type: "choice",
    default: "tanh",
    choices: ["tanh", "relu", "none"],
  },
  {
    name: "edges",
    title: "Edges",
    about: "What lies beyond the plane: its outermost cells, its other side, or zeros.",
    type: "choice",
    default: "clamp",
    choices: ["clamp", "wrap", "zero"],
  },
  {
    name: "range",
    title: "Range",
    about: "Values at the ends of the ramp; −1 and 1 unless given.",
    type: "range",
    default: null,
  },
  {
    name: "colormap",
    title: "Colours",
    about: "Diverging maps show sign, with zero at the middle; sequential ones size.",
    type: "choice",
    default: "synaptile",
    choices: colormaps.map(({ name }) => name),
  },
  {
    name: "colormap_reverse",
    title: "Reverse colours",
    about: "Turns the colour map round.",
    type: "boolean",
    default: false,
  },
  {
    name: "axes",
    title: "Axes",
    about: "Tensor axes down and across, outermost first, such as 0,2|1,3.",
    type: "axes",
    default: null,
  },
];
