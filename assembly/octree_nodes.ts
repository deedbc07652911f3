// Nodes of an octree that is being made, and the rule by which eight become one: the same arithmetic
// as src/compute/octree.ts. Of each level the eight children of one node are held at a time.
import { addLanes, maxLane, minLane } from "./lanes";
import { emit, Lists } from "./octree_lists";

/** As src/compute/octree.ts has them. */
export const INNER: i32 = 0;
export const ABSENT: i32 = 1;
export const LEAF: i32 = 3;
export const EMPTY: i32 = 5;
export const INFINITE: i32 = 9;

/** Eight nodes: figures of eight float32 each, then a byte of state each. */
export const NODES: usize = 176;
export const LEAST: usize = 0;
export const MOST: usize = 32;
export const MEAN: usize = 64;
export const VARIANCE: usize = 96;
export const COUNT: usize = 128;
export const STATE: usize = 160;

/** Of levels 0 to 6. */
const levels = memory.data(1232, 16);

/** The eight nodes of a level. */
export function nodesOf(level: i32): usize {
  return levels + <usize> level * NODES;
}

let epsilon: f32 = 0;
let mostVariance: f32 = 0;
let kappa: f32 = 0;
let largest: f32 = 1;

export function setRule(least: f32, variance: f32, density: f32, scale: f32): void {
  epsilon = least;
  mostVariance = variance;
  kappa = density;
  largest = scale;
}

/** Of four nodes, which have cells close to each other. */
export function closeFour(least: v128, most: v128, variance: v128): v128 {
  let range = f32x4.sub(most, least);
  if (kappa != 0) {
    const magnitude = f32x4.pmax(f32x4.abs(least), f32x4.abs(most));
    const density = f32x4.div(magnitude, f32x4.splat(largest));
    const factor = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.splat(kappa), density));
    range = f32x4.mul(range, factor);
  }
  return v128.and(
    f32x4.lt(range, f32x4.splat(epsilon)),
    f32x4.le(variance, f32x4.splat(mostVariance)),
  );
}

function isClose(node: usize): bool {
  const least = f32x4.splat(load<f32>(node + LEAST)), most = f32x4.splat(load<f32>(node + MOST));
  return v128.any_true(closeFour(least, most, f32x4.splat(load<f32>(node + VARIANCE))));
}

/** Writes a node without cells: wholly outside, all NaN, or an infinite cell. */
export function setNone(nodes: usize, index: usize, state: i32, mean: f32): void {
  const node = nodes + (index << 2);
  store<f32>(node + LEAST, NaN);
  store<f32>(node + MOST, NaN);
  store<f32>(node + MEAN, mean);
  store<f32>(node + VARIANCE, 0);
  store<f32>(node + COUNT, 0);
  store<u8>(nodes + STATE + index, state);
}

/** Writes a finite cell. */
export function setCell(nodes: usize, index: usize, value: f32): void {
  const node = nodes + (index << 2);
  store<f32>(node + LEAST, value);
  store<f32>(node + MOST, value);
  store<f32>(node + MEAN, value);
  store<f32>(node + VARIANCE, 0);
  store<f32>(node + COUNT, 1);
  store<u8>(nodes + STATE + index, LEAF);
}

/** Makes the node above the eight of the level below; lists its children where it is an inner one. */
export function join(level: i32, index: usize, lists: Lists): void {
  const from = nodesOf(level - 1), to = nodesOf(level), node = to + (index << 2);
  const cells = f32x4.splat(<f32> (1 << (3 * level - 3)));
  const whole = v128.and(
    f32x4.eq(v128.load(from + COUNT), cells),
    f32x4.eq(v128.load(from + COUNT, 16), cells),
  );
  if (!i32x4.all_true(whole) || !joinWhole(from, node, level)) joinSome(from, node);
  const state = stateOf(load<u64>(from + STATE), node);
  store<u8>(to + STATE + index, state);
  if (state == INNER) emit(level, from, node, lists);
}

function stateOf(states: u64, node: usize): i32 {
  const ones: u64 = 0x0101010101010101;
  if ((states & ones) != ones) return INNER;
  let kinds = states | (states >> 32);
  kinds |= kinds >> 16;
  const kind = <i32> ((kinds | (kinds >> 8)) & 0xff);
  if (kind == ABSENT || kind == EMPTY) return kind;
  return kind == LEAF && isClose(node) ? LEAF : INNER;
}

/** Of children all of whose cells are finite, folded over z, y and x; false where the sum is not finite. */
function joinWhole(from: usize, node: usize, level: i32): bool {
  const low = v128.load(from + MEAN), high = v128.load(from + MEAN, 16);
  const mean = addLanes(f32x4.add(low, high)) * 0.125;
  if (mean - mean != 0) return false;
  const least = minLane(f32x4.pmin(v128.load(from + LEAST), v128.load(from + LEAST, 16)));
  const most = maxLane(f32x4.pmax(v128.load(from + MOST), v128.load(from + MOST, 16)));
  const means = f32x4.splat(mean);
  const within = f32x4.add(v128.load(from + VARIANCE), v128.load(from + VARIANCE, 16));
  const a = f32x4.sub(low, means), b = f32x4.sub(high, means);
  const between = f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
  store<f32>(node + LEAST, least);
  store<f32>(node + MOST, most);
  store<f32>(node + MEAN, mean);
  store<f32>(node + VARIANCE, (addLanes(within) + addLanes(between)) * 0.125);
  store<f32>(node + COUNT, <f32> (1 << (3 * level)));
  return true;
}

/** Of those of their cells that are finite. */
function joinSome(from: usize, node: usize): void {
  let count: f64 = 0, sum: f64 = 0;
  let least: f32 = Infinity, most: f32 = -Infinity;
  for (let i: usize = from; i < from + 32; i += 4) {
    const cells = <f64> load<f32>(i + COUNT);
    if (cells == 0) continue;
    count += cells;
    sum += cells * <f64> load<f32>(i + MEAN);
    const low = load<f32>(i + LEAST), high = load<f32>(i + MOST);
    if (low < least) least = low;
    if (most < high) most = high;
  }
  if (count == 0) {
    store<f32>(node + LEAST, NaN);
    store<f32>(node + MOST, NaN);
    store<f32>(node + MEAN, NaN);
    store<f32>(node + VARIANCE, 0);
    store<f32>(node + COUNT, 0);
    return;
  }
  const mean = sum / count;
  let squares: f64 = 0;
  for (let i: usize = from; i < from + 32; i += 4) {
    const cells = <f64> load<f32>(i + COUNT);
    if (cells == 0) continue;
    const off = <f64> load<f32>(i + MEAN) - mean;
    squares += cells * (<f64> load<f32>(i + VARIANCE) + off * off);
  }
  store<f32>(node + LEAST, least);
  store<f32>(node + MOST, most);
  store<f32>(node + MEAN, <f32> mean);
  store<f32>(node + VARIANCE, <f32> (squares / count));
  store<f32>(node + COUNT, <f32> count);
}
