import { colourParameters } from "./colour_parameters.ts";
import { MAX_STEPS } from "../field/automaton/advance.ts";
import type { Parameter } from "./mode.ts";

const strength = (name: string, title: string, about: string, value: number): Parameter => ({
  ...{ name, title, about },
  ...{ type: "number", default: value, minimum: -2, maximum: 2 },
});

/** What a step can do, each with its course in `automaton_rules.ts`. */
const ruleNames = ["relax", "learned"] as const;
export type RuleName = typeof ruleNames[number];

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
    plays: { step: 1, pace: 10, to: 128 },
  },
  {
    name: "rule",
    title: "Rule",
    about: "What a step does: relax towards the neighbours, or what a network has learned.",
    type: "choice",
    default: "relax" satisfies RuleName,
    choices: ruleNames,
  },
  {
    name: "network",
    title: "Network",
    about: "The learned rule: the id of an open model that synaptile automaton train wrote.",
    type: "model",
    default: null,
  },
  {
    name: "start",
    title: "Start",
    about:
      "What a learned rule starts from: the layer's cells, its first channels the five numbers in the order of field, or one cell in the middle.",
    type: "choice",
    default: "cells",
    choices: ["cells", "seed"],
  },
  {
    name: "fire_rate",
    title: "Fire rate",
    about: "The share of cells that a learned rule changes in a step.",
    type: "number",
    default: 0.5,
    minimum: 0,
    maximum: 1,
  },
  {
    name: "seed",
    title: "Seed",
    about: "Which cells a learned rule changes in which step.",
    type: "integer",
    default: 0,
    minimum: 0,
    maximum: 2 ** 31 - 1,
  },
  {
    name: "field",
    title: "Field",
    about:
      "Which of a cell's numbers is shown: its mean, spread and gradient in units of the layer's scale, its channel's norm by the largest, its part of the dominant singular component; of a learned rule the channels that start from these, another channel, or the first three as colours.",
    type: "choice",
    default: fields[0],
    choices: [...fields, "channel", "rgb"],
  },
  {
    name: "channel",
    title: "Channel",
    about: "Which channel field=channel shows.",
    type: "integer",
    default: 0,
    minimum: 0,
    maximum: 63,
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
  ...colourParameters(),
  {
    name: "axes",
    title: "Axes",
    about: "Tensor axes down and across, outermost first, such as 0,2|1,3.",
    type: "axes",
    default: null,
  },
];
