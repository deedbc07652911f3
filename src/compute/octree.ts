import type { MergeRule, OctreeNode } from "./ops.ts";

// What a node of an octree is, and when eight of them become one: plain numbers, rounded to float32
// where the vectors of kernels are.

/**
 * What a node says of itself. Each but the first is a leaf; their bits are such that OR over eight
 * children tells what they have in common, those that lie outside of the volume not counted.
 */
export const INNER = 0;
/** Wholly outside of the volume. */
export const ABSENT = 1;
/** All cells are finite and close to each other. */
export const LEAF = 3;
/** All cells are NaN. */
export const EMPTY = 5;
/** A cell that is ±∞, which never merges. */
export const INFINITE = 9;

/** A rule in float32, as comparisons need it. */
export interface Limits {
  /** Cells merge where (max − min) · (1 + κ · ρ) is less than this… */
  readonly epsilon: number;
  /** …and their variance is at most this: ∞ where no bound was asked for. */
  readonly variance: number;
  readonly kappa: number;
  /** The largest magnitude of the volume: what ρ is relative to. */
  readonly largest: number;
}

const { fround } = Math;
const LARGEST = fround(3.4028234663852886e38);
/** Five roundings, at most, of half a unit in the last place each. */
const GUARD = 1 - 2 ** -21;

/**
 * A rule in float32. ε is rounded down, τ to the largest number below it, so that nothing merges that
 * the rule itself would keep apart. Throws `RangeError` unless ε and τ are above 0, κ at least 0 and
 * all of them finite.
 */
export function limitsOf({ epsilon, tau, kappa = 0, largest }: MergeRule): Limits {
  const need = (name: string, value: number, least: string, holds: boolean) => {
    if (!holds || !Number.isFinite(value)) {
      throw new RangeError(`octree: ${name} must be a finite number ${least}, got ${value}`);
    }
  };
  need("epsilon", epsilon, "of at least 2^-149", epsilon >= 2 ** -149);
  if (tau !== undefined) need("tau", tau, "above 0", tau > 0);
  need("kappa", kappa, "from 0 to 3.4e38", kappa >= 0 && kappa <= LARGEST);
  if (kappa > 0 || largest !== undefined) {
    need("largest", largest ?? NaN, "from 0 on", (largest ?? NaN) >= 0);
  }
  return {
    epsilon: atMost(kappa > 0 ? epsilon * GUARD : epsilon),
    variance: tau === undefined ? Infinity : below(tau),
    kappa: fround(kappa),
    largest: kappa > 0 && largest! > 0 ? fround(Math.min(largest!, LARGEST)) : 1,
  };
}

/** A cell of the volume. */
export const cellNode = (value: number): OctreeNode => {
  const finite = Number.isFinite(value);
  return {
    state: finite ? LEAF : Number.isNaN(value) ? EMPTY : INFINITE,
    count: finite ? 1 : 0,
    mean: value,
    variance: 0,
    min: finite ? value : NaN,
    max: finite ? value : NaN,
  };
};

/** A node wholly outside of the volume. */
export const absentNode: OctreeNode = {
  state: ABSENT,
  count: 0,
  mean: NaN,
  variance: 0,
  min: NaN,
  max: NaN,
};

/**
 * The node above eight, in the order x, y, z of bits 0, 1, 2, each of which covers `cells` cells.
 * Figures are those of all finite cells below (Chan, Golub, LeVeque 1979): where every cell is there
 * and finite, by sums in float32 folded over z, y, x; else, or where those sums overflow, in float64.
 */
export function joinNodes(
  children: readonly OctreeNode[],
  cells: number,
  limits: Limits,
): OctreeNode {
  const figures = joinFigures(children, cells);
  return { ...figures, state: stateOf(children, figures, limits) };
}

/** Figures alone of the node above eight. */
export function joinFigures(children: readonly OctreeNode[], cells: number): Figures {
  const whole = children.every(({ count }) => count === cells) ? joinWhole(children) : null;
  return whole ?? joinSome(children);
}

/** ε / (1 + κρ): what a node's cells differ by less than if they are one; ε where none is finite. */
export function toleranceOf(
  { epsilon, kappa = 0, largest }: MergeRule,
  { min, max }: Pick<OctreeNode, "min" | "max">,
): number {
  const magnitude = Math.max(Math.abs(min), Math.abs(max));
  return magnitude > 0 ? epsilon / (1 + kappa * magnitude / (largest || 1)) : epsilon;
}

/** The largest distance of a leaf's cells from its mean. */
export const errorOf = ({ state, mean, min, max }: OctreeNode): number =>
  state === LEAF ? Math.max(fround(mean - min), fround(max - mean)) : 0;

/** Leaf or not: children that are leaves alike become one if their cells are close to each other. */
function stateOf(
  children: readonly OctreeNode[],
  { min, max, variance }: Figures,
  { epsilon, variance: most, kappa, largest }: Limits,
): number {
  if (children.some(({ state }) => state === INNER)) return INNER;
  const kinds = children.reduce((bits, { state }) => bits | state, 0);
  if (kinds === ABSENT || kinds === EMPTY) return kinds;
  if (kinds !== LEAF) return INNER;
  const density = fround(Math.max(Math.abs(min), Math.abs(max)) / largest);
  const range = fround(fround(max - min) * fround(1 + fround(kappa * density)));
  return range < epsilon && variance <= most ? LEAF : INNER;
}

type Figures = Omit<OctreeNode, "state">;

function joinWhole(children: readonly OctreeNode[]): Figures | null {
  const sum = fold(children.map((child) => child.mean), add);
  // Not beside its cells: rounding is monotone, and eight times one number is exact.
  const mean = fround(sum * 0.125);
  if (!Number.isFinite(mean)) return null;
  const min = fold(children.map((child) => child.min), lesser);
  const max = fold(children.map((child) => child.max), greater);
  const within = fold(children.map((child) => child.variance), add);
  const between = fold(children.map((child) => square(fround(child.mean - mean))), add);
  const count = children.reduce((total, child) => total + child.count, 0);
  return { count, mean, variance: fround(fround(within + between) * 0.125), min, max };
}

function joinSome(children: readonly OctreeNode[]): Figures {
  let count = 0, sum = 0, min = Infinity, max = -Infinity;
  for (const child of children) {
    if (child.count === 0) continue;
    count += child.count;
    sum += child.count * child.mean;
    min = lesser(min, child.min);
    max = greater(max, child.max);
  }
  const { mean: _, ...none } = absentNode;
  if (count === 0) return { ...none, mean: NaN };
  const mean = sum / count;
  let squares = 0;
  for (const child of children) {
    if (child.count === 0) continue;
    const off = child.mean - mean;
    squares += child.count * (child.variance + off * off);
  }
  return { count, mean: fround(mean), variance: fround(squares / count), min, max };
}

/** Eight numbers to one: first over z, then over y, then over x. */
function fold(values: readonly number[], join: (a: number, b: number) => number): number {
  const [a, b, c, d, e, f, g, h] = values as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  return join(join(join(a, e), join(c, g)), join(join(b, f), join(d, h)));
}

const add = (a: number, b: number) => fround(a + b);
const square = (a: number) => fround(a * a);
/** Of equal ones, such as zeros of both signs, the first. */
const lesser = (a: number, b: number) => b < a ? b : a;
const greater = (a: number, b: number) => a < b ? b : a;

/** The largest float32 that is no more than x. */
function atMost(x: number): number {
  const near = fround(Math.min(x, LARGEST));
  return near > x ? stepDown(near) : near;
}

/** The largest float32 below x, x above 0. */
const below = (x: number): number => {
  const most = atMost(x);
  return most === x ? stepDown(most) : most;
};

/** The float32 before one that is above 0. */
function stepDown(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0]!--;
  return new Float32Array(bits.buffer)[0]!;
}
