import type { CellRule } from "../compute/ops.ts";
import { BadRequest } from "../errors.ts";
import { advance, MAX_STEPS } from "../field/automaton/advance.ts";
import { Evolution } from "../field/automaton/evolution.ts";
import { choose } from "../field/automaton/plan.ts";
import { type Edges, haloOf, type Region, wholeOf } from "../field/automaton/region.ts";
import type { Automaton } from "../field/automaton/rule.ts";
import { relax } from "../field/automaton/rules/relax.ts";
import { type CellState, FIELDS } from "../field/automaton/state.ts";
import type { Canvas } from "../field/canvas.ts";
import { type Plane, TILE } from "../field/plane.ts";
import { automatonParameters, fields } from "./automaton_parameters.ts";
import { imprintField } from "./imprint.ts";
import type { Facts, Legend, Mode, Options, Picture } from "./mode.ts";
import { short, special, stops } from "./normalize.ts";
import { parseAxes } from "./options.ts";
import { enlarge } from "./overzoom.ts";

/** Cells of a plane that is computed whole, at most, and bytes of its states that are kept. */
const WHOLE = 1 << 22;
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
    "Δ = mean(neighbours) − x, x' = (x + α·Δ + γ·g)·(1 + β·w).",
  overzoom: 4,
  gradient: "spatial",
  parameters: automatonParameters,

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseAxes(options.axes),
  needsFigures: () => true,
  needsChannels: ({ beta, field }) => beta !== 0 || field === "weight" || field === "spectral",

  legend(options, { scale }): Legend {
    const { t, nonlinearity, edges } = options;
    const { alpha, beta, gamma } = ruleOf(options);
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

  prepare(options, facts, plane) {
    const draw = (canvas: Canvas) => evolved(canvas, options, facts, plane);
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

const fieldOf = ({ field }: Options): number => fields.findIndex((name) => name === field);

const ruleOf = ({ alpha, beta, gamma, nonlinearity }: Options): CellRule => ({
  alpha: Number(alpha),
  beta: Number(beta),
  gamma: Number(gamma),
  nonlinearity: nonlinearity as CellRule["nonlinearity"],
});

/** The plane that was computed whole last, in this thread: steps that follow go on from it. */
let latest: { readonly plane: Plane; readonly key: string; readonly evolution: Evolution } | null =
  null;

/** The values of a canvas of cells or blocks after the steps that are asked for. */
function evolved(canvas: Canvas, options: Options, facts: Facts, plane: Plane): Float32Array {
  const { ops, extent, x, y, width, height, log2 } = canvas;
  const t = Number(options.t), edges = options.edges as Edges;
  const field = fieldOf(options);
  const rule = relax(ruleOf(options), 1);
  const automaton: Automaton = { ops, rule, edges, cancelled: canvas.reader.cancelled };
  const size = [extent.width, extent.height];
  const tile: Region = [{ first: x, count: width }, { first: y, count: height }];

  const { t: _, colormap: __, colormap_reverse: ___, range: ____, ...others } = options;
  const key = JSON.stringify([log2, others]);
  const kept = latest?.plane === plane && latest.key === key ? latest.evolution : null;
  const all = Math.ceil(extent.width / TILE) * Math.ceil(extent.height / TILE);
  const plan = choose({
    ...{ size, tile, t, edges, reach: rule.reach, most: WHOLE },
    kept: kept?.nearest(t) ?? 0,
    tiles: Math.min(LIKELY, all),
  });
  refuseToilsome(plan[plan.way] * (plan.way === "plane" ? Math.min(LIKELY, all) : 1), t);

  let state: CellState;
  if (plan.way === "tile") {
    const halo = haloOf(tile, t, size, edges, rule.reach);
    state = advance(automaton, imprintField(canvas, halo, field, facts), tile, t);
  } else {
    const evolution = kept ??
      new Evolution(imprintField(canvas, wholeOf(size), field, facts), KEPT);
    latest = { plane, key, evolution };
    state = evolution.at(automaton, t);
  }
  return cut(canvas, state);
}

/** The part of a state that a canvas shows. */
function cut(canvas: Canvas, { region, fields: [values] }: CellState): Float32Array {
  const [across, down] = region, out = canvas.blank();
  for (let row = 0; row < canvas.height; row++) {
    const from = (canvas.y + row - down!.first) * across!.count + canvas.x - across!.first;
    out.set(values!.subarray(from, from + canvas.width), row * canvas.columns);
  }
  return out;
}

function refuseToilsome(work: number, t: number): void {
  if (work <= MOST) return;
  throw new BadRequest(
    `t=${t} takes ${work.toExponential(1)} steps of single cells at this zoom, at most ` +
      `${MOST.toExponential(1)} are taken: ask for fewer steps, or zoom out`,
    { parameter: "t", found: t, limit: MAX_STEPS },
  );
}
