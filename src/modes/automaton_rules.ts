import type { CellRule } from "../compute/ops.ts";
import { BadRequest } from "../errors.ts";
import { cellsOf, type Edges, indexIn, type Region } from "../field/automaton/region.ts";
import type { Rule } from "../field/automaton/rule.ts";
import { learned } from "../field/automaton/rules/learned.ts";
import type { Network } from "../field/automaton/rules/network.ts";
import { relax } from "../field/automaton/rules/relax.ts";
import { type CellState, FIELDS, initial } from "../field/automaton/state.ts";
import type { Canvas } from "../field/canvas.ts";
import { fields, type RuleName } from "./automaton_parameters.ts";
import { imprintFields } from "./imprint.ts";
import type { Facts, Guest, Options } from "./mode.ts";

/** A rule as options have it, and what it works on. */
export interface Course {
  readonly rule: Rule;
  /** Names what is not among the options. */
  readonly key: string;
  /** Fields of a state that are shown: one, or red, green, blue and maybe opacity. */
  readonly shown: readonly number[];
  /** What a step of a cell costs, in steps of `relax`. */
  readonly cost: number;
  /** The cells of a region before the first step. */
  start(canvas: Canvas, region: Region): CellState;
}

/** What a rule makes of options. */
type MakeCourse = (options: Options, facts: Facts, guest: Guest | undefined) => Course;

const courses: Record<RuleName, MakeCourse> = {
  relax(options, facts) {
    const rule = relax(cellRuleOf(options), 1), fields = [fieldOf(options)];
    return {
      rule,
      key: "",
      shown: [0],
      cost: 1,
      start: (canvas, region) => imprintFields(canvas, region, fields, rule.driven, facts),
    };
  },

  learned(options, facts, guest) {
    if (!guest) throw new RangeError("a learned rule came without its network");
    const { version, network } = guest, { channels, alive, hidden } = network;
    const { fire_rate: fireRate, seed, start, edges } = options;
    const first = [...FIELDS.keys()].slice(0, channels);
    return {
      rule: learned(network, { fireRate: Number(fireRate), seed: Number(seed), alive }),
      key: version,
      shown: shownOf(options, network),
      cost: channels * hidden.outputs,
      start: (canvas, region) =>
        start === "seed"
          ? seedCell(canvas, region, network, edges as Edges)
          : widened(imprintFields(canvas, region, first, false, facts), network),
    };
  },
};

export const courseOf: MakeCourse = (options, facts, guest) =>
  courses[options.rule as RuleName](options, facts, guest);

/** Which of a cell's five numbers is asked for; −1 for what only learned rules have. */
export const fieldOf = ({ field }: Options): number => fields.findIndex((name) => name === field);

export const cellRuleOf = ({ alpha, beta, gamma, nonlinearity }: Options): CellRule => ({
  alpha: Number(alpha),
  beta: Number(beta),
  gamma: Number(gamma),
  nonlinearity: nonlinearity as CellRule["nonlinearity"],
});

/** Channels that are shown. Throws `BadRequest` for those that a network has not. */
function shownOf(options: Options, { channels, alive }: Network): readonly number[] {
  const { field, channel } = options;
  const shown = field === "rgb"
    ? [0, 1, 2, ...(alive && alive.channel > 2 ? [alive.channel] : [])]
    : [field === "channel" ? Number(channel) : fieldOf(options)];
  const most = Math.max(...shown);
  if (most < channels) return shown;
  throw new BadRequest(
    `field=${field} shows channel ${most}, and the network has ${channels}, from 0 to ${
      channels - 1
    }`,
    { parameter: "field", found: most, maximum: channels - 1 },
  );
}

/** A state with channels of 0 besides. */
function widened(state: CellState, { channels }: Pick<Network, "channels">): CellState {
  const none = new Float32Array(cellsOf(state.region));
  const more = Array.from({ length: channels - state.fields.length }, () => none);
  return { ...state, fields: [...state.fields, ...more] };
}

/** Zeros but for the cell in the middle of the plane, whose channels from that of life on are 1. */
function seedCell(
  { extent: { width, height } }: Canvas,
  region: Region,
  { channels, alive }: Network,
  edges: Edges,
): CellState {
  const none = new Float32Array(cellsOf(region)), seed = none.slice(), size = [width, height];
  const [x, y] = region.map((span, axis) => {
    const at = indexIn(span, size[axis]! >> 1, size[axis]!, edges);
    return at >= 0 && at < span.count ? at : -1;
  }) as [number, number];
  if (x >= 0 && y >= 0) seed[y * region[0]!.count + x] = 1;
  const first = alive?.channel ?? Math.min(3, channels - 1);
  const all = Array.from({ length: channels }, (_, channel) => channel < first ? none : seed);
  return initial(size, region, all);
}
