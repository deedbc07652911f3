import { BadRequest } from "../errors.ts";
import { advance, MAX_STEPS } from "../field/automaton/advance.ts";
import { Evolution } from "../field/automaton/evolution.ts";
import { choose } from "../field/automaton/plan.ts";
import { type Edges, haloOf, type Region, wholeOf } from "../field/automaton/region.ts";
import type { Automaton } from "../field/automaton/rule.ts";
import { type CellState, FIELDS } from "../field/automaton/state.ts";
import type { Canvas } from "../field/canvas.ts";
import { type Plane, TILE } from "../field/plane.ts";
import { automatonParameters } from "./automaton_parameters.ts";
import { cellRuleOf, type Course, courseOf, fieldOf } from "./automaton_rules.ts";
import type { Legend, Mode, Options, Picture } from "./mode.ts";
import { colours } from "./rgb.ts";
import { short, special, stops } from "./normalize.ts";
import { parseAxes } from "./options.ts";
import { enlarge } from "./overzoom.ts";

/** Bytes of a whole plane's states that are kept: two of them at least, or it is not computed whole. */
const KEPT = 32 << 20;
/** Steps of single cells that a tile may take: some seconds. */
const MOST = 2 ** 32;
/** Tiles of a step that are likely to be asked of one worker, at most. */
const LIKELY = 8;

/** The layer's cells as they are after some steps of a cellular automaton. */
export const automaton: Mode = {
  name: "automaton",
  title: "Automaton",
  about: "What the zoom's cells become in t steps of a cellular automaton: " +
    "Δ = mean(neighbours) − x, x' = (x + α·Δ + γ·g)·(1 + β·w), or what a neural automaton has learned.",
  overzoom: 4,
  gradient: "spatial",
  parameters: automatonParameters,

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseAxes(options.axes),
  needsFigures: () => true,
  needsChannels({ rule, start, beta, field }) {
    if (rule === "learned") return start === "cells" ? "dominant" : "none";
    if (field === "spectral") return "dominant";
    return beta !== 0 || field === "weight" ? "norms" : "none";
  },

  network({ rule, network, field }) {
    if (rule === "learned") {
      if (typeof network === "string") return network;
      throw new BadRequest("rule=learned needs network, the id of an open model that is a rule", {
        ...{ parameter: "network", found: null, expected: "the id of an open model" },
      });
    }
    if (field !== "rgb" && field !== "channel") return null;
    throw new BadRequest(`field=${field} needs rule=learned`, { parameter: "field", found: field });
  },

  legend(options, { scale }): Legend {
    if (options.rule === "learned") return learnedLegend(options);
    const { t, nonlinearity, edges } = options;
    const { alpha, beta, gamma } = cellRuleOf(options);
    const inner = `(x + ${short(alpha)}·Δ${gamma === 0 ? "" : ` + ${short(gamma)}·g`})` +
      (beta === 0 ? "" : `·(1 + ${short(beta)}·w)`);
    const step = nonlinearity === "none" ? inner : `${nonlinearity}(${inner})`;
    const s = short(scale.robust || 1);
    return {
      title: `${FIELDS[fieldOf(options)]} after ${t} ${t === 1 ? "step" : "steps"}`,
      style: "scientific",
      normalization: `x' = ${step}; edges ${edges}; x in units of s = ${s}, as it is`,
      ramp: {
        colormap: String(options.colormap),
        reverse: Boolean(options.colormap_reverse),
        stops: stops({ shade: shadeOf(options), clamp: null, about: "" }),
      },
      special: special(scale).map((entry) => ({ ...entry, count: 0 })),
    };
  },

  prepare(options, facts, plane, guest) {
    const course = courseOf(options, facts, guest);
    if (course.shown.length > 1) {
      return (canvas) => colours(canvas, (cells) => evolved(cells, options, course, plane));
    }
    const draw = (canvas: Canvas) => evolved(canvas, options, course, plane)[0]!;
    return (canvas): Picture => ({
      kind: "scalar",
      values: canvas.log2 < 0 ? enlarge(canvas, draw) : draw(canvas),
      shade: shadeOf(options),
      clamp: null,
      colormap: String(options.colormap),
      reverse: Boolean(options.colormap_reverse),
    });
  },
};

/** The ramp from −1 to 1, or from 0 to 1 where nothing is below. */
const shadeOf = ({ range }: Options) => {
  const [low, high] = Array.isArray(range) ? range as [number, number] : [-1, 1];
  return { curve: "linear", center: (low + high) / 2, scale: 2 / (high - low), gain: 1 } as const;
};

function learnedLegend(options: Options): Legend {
  const { t, field, channel, network, fire_rate: rate, seed, edges, start } = options;
  const after = `after ${t} ${t === 1 ? "step" : "steps"}`;
  const common = {
    style: "scientific" as const,
    normalization: `neural automaton ${network} from ${
      start === "seed" ? "one cell" : "the layer's cells"
    }; a cell fires with probability ${rate}, seed ${seed}; edges ${edges}`,
    special: [],
  };
  if (field === "rgb") {
    const channels = (["R", "G", "B"] as const).map((letter, i) => {
      return { name: `channel ${i}`, channel: letter, about: "from 0 to 1, on white" };
    });
    return { title: `Channels 0 to 2 ${after}`, ...common, channels };
  }
  return {
    title: `Channel ${field === "channel" ? channel : fieldOf(options)} ${after}`,
    ...common,
    ramp: {
      colormap: String(options.colormap),
      reverse: Boolean(options.colormap_reverse),
      stops: stops({ shade: shadeOf(options), clamp: null, about: "" }),
    },
  };
}

/** The plane that was computed whole last, in this thread: steps that follow go on from it. */
let latest: { readonly plane: Plane; readonly key: string; readonly evolution: Evolution } | null =
  null;

/** What is shown of a canvas of cells or blocks after the steps that are asked for. */
function evolved(
  canvas: Canvas,
  options: Options,
  { rule, key: own, shown, cost, start }: Course,
  plane: Plane,
): Float32Array[] {
  const { ops, extent, x, y, width, height, log2 } = canvas;
  const t = Number(options.t), edges = options.edges as Edges;
  const automaton: Automaton = { ops, rule, edges, cancelled: canvas.reader.cancelled };
  const size = [extent.width, extent.height];
  const tile: Region = [{ first: x, count: width }, { first: y, count: height }];

  const { t: _, colormap: __, colormap_reverse: ___, range: ____, ...others } = options;
  const key = JSON.stringify([log2, own, others]);
  const kept = latest?.plane === plane && latest.key === key ? latest.evolution : null;
  const all = Math.ceil(extent.width / TILE) * Math.ceil(extent.height / TILE);
  const plan = choose({
    ...{ size, tile, t, edges, reach: rule.reach, most: KEPT / 8 / rule.groups.flat().length },
    kept: kept?.nearest(t) ?? 0,
    tiles: Math.min(LIKELY, all),
  });
  const steps = plan[plan.way] * (plan.way === "plane" ? Math.min(LIKELY, all) : 1);
  refuseToilsome(steps, Math.floor(MOST / cost), t);

  let state: CellState;
  if (plan.way === "tile") {
    const halo = haloOf(tile, t, size, edges, rule.reach);
    state = advance(automaton, start(canvas, halo), tile, t);
  } else {
    const evolution = kept ??
      new Evolution(start(canvas, wholeOf(size)), KEPT);
    latest = { plane, key, evolution };
    state = evolution.at(automaton, t);
  }
  return shown.map((field) => cut(canvas, state, field));
}

/** The part of a state that a canvas shows. */
function cut(canvas: Canvas, { region, fields }: CellState, field: number): Float32Array {
  const [across, down] = region, values = fields[field]!, out = canvas.blank();
  for (let row = 0; row < canvas.height; row++) {
    const from = (canvas.y + row - down!.first) * across!.count + canvas.x - across!.first;
    out.set(values.subarray(from, from + canvas.width), row * canvas.columns);
  }
  return out;
}

function refuseToilsome(work: number, most: number, t: number): void {
  if (work <= most) return;
  throw new BadRequest(
    `t=${t} takes ${work.toExponential(1)} steps of single cells at this zoom, at most ` +
      `${most.toExponential(1)} are taken: ask for fewer steps, or zoom out`,
    { parameter: "t", found: t, limit: MAX_STEPS },
  );
}
