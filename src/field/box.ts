import type { Side } from "../formats/format.ts";
import { along, type Plane, sidesOf } from "./plane.ts";

/** The elements from which a rectangle of cells is picked, in the order in which they are stored. */
export interface Box {
  /** Elements in it, and room between its runs. */
  readonly count: number;
  /** Elements from one run to the next. */
  readonly pitch: number;
  /** Offsets in elements, as of a plane's cells: of its runs, and along each of them. */
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** Cell (x, y) is element `down[y] + across[x]` of it. */
  readonly down: Int32Array;
  readonly across: Int32Array;
}

/**
 * Elements in a cache line. Runs have an odd number of them, so that elements below each other do
 * not push each other out of the cache; short ones need no such room.
 */
const LINE = 16;
const SHORT = 4 * LINE;

/** A side, and which part of it the cells lie in. */
interface Part extends Side {
  readonly from: number;
  readonly count: number;
  /** Elements of the box to step. */
  step: number;
}

/**
 * The least box that holds a rectangle's cells: a range of each of the tensor's sides. Null where it
 * would have more than `most` elements. What follows each other in the box, does so in the file.
 */
export function boxOf(
  plane: Plane,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  most: number,
): Box | null {
  const { tensor, axes } = plane;
  const vertical = partsOf(sidesOf(axes.rows, tensor), y, height);
  const horizontal = partsOf(sidesOf(axes.columns, tensor), x, width);
  const parts = [...vertical, ...horizontal].sort((a, b) => a.stride - b.stride);
  if (parts.reduce((product, part) => product * part.count, 1) > most) return null;
  const inner = innermost(parts);
  const run = inner.reduce((product, part) => product * part.count, 1);
  const outer = parts.slice(inner.length);
  const pitch = run < SHORT ? run : (Math.ceil(run / LINE) | 1) * LINE;
  let count = pitch;
  for (const part of outer) {
    part.step = count;
    count *= part.count;
  }
  return {
    count,
    pitch,
    rows: outer.reverse().reduce(expand, Float64Array.of(0)),
    columns: inner.reverse().reduce(expand, Float64Array.of(0)),
    down: places(vertical, y, height),
    across: places(horizontal, x, width),
  };
}

/** Takes sides, innermost first, as long as each whole one is followed by the next without a gap. */
function innermost(parts: readonly Part[]): Part[] {
  const inner: Part[] = [];
  let run = 1;
  for (const part of parts) {
    const before = inner.at(-1);
    if (before && (part.stride !== before.stride * before.size || before.count < before.size)) {
      break;
    }
    inner.push(part);
    part.step = run;
    run *= part.count;
  }
  return inner;
}

/** What of each side `count` steps from the given one on reach. */
function partsOf(sides: readonly Side[], from: number, count: number): Part[] {
  let below = 1;
  return sides.toReversed().map(({ size, stride }): Part => {
    const first = Math.floor(from / below), last = Math.floor((from + count - 1) / below);
    below *= size;
    const turns = last - first >= size || last % size < first % size;
    const [low, high] = turns ? [0, size - 1] : [first % size, last % size];
    return { size, stride, from: low, count: high - low + 1, step: 0 };
  }).reverse();
}

function expand(offsets: Float64Array, { from, count, stride }: Part): Float64Array {
  const out = new Float64Array(offsets.length * count);
  for (let i = 0, at = 0; i < offsets.length; i++) {
    for (let n = from; n < from + count; n++) out[at++] = offsets[i]! + n * stride;
  }
  return out;
}

function places(parts: readonly Part[], from: number, count: number): Int32Array {
  const start = parts.reduce((sum, part) => sum + part.from * part.step, 0);
  const steps = parts.map(({ size, step }) => ({ size, stride: step }));
  return Int32Array.from(along(steps, from, count), (place) => place - start);
}
