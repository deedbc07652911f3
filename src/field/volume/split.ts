import type { Side, TensorInfo } from "../../formats/format.ts";

/** An axis of a tensor, folded into `high` rows of `low` each; the last one may not be full. */
export interface Split {
  readonly axis: number;
  readonly size: number;
  readonly high: number;
  readonly low: number;
}

/** How much longer than the other a side may be before a fold that leaves cells empty is preferred. */
const OBLONG = 4;

/**
 * Folds an axis whose elements are pieces of `down` × `across` cells: into the pair of divisors that
 * makes the mosaic nearest to a square; where even that is more than four times as long as it is wide,
 * as of a prime, into rows of near-square number, the last of which is not full.
 */
export function splitFor(tensor: TensorInfo, axis: number, down: number, across: number): Split {
  const size = tensor.shape[axis]!;
  const turn = composedTurn(tensor, axis);
  const oblong = (low: number) => {
    const [height, width] = [Math.ceil(size / low) * down, low * across];
    return Math.max(height / width, width / height);
  };
  if (size * down * across === 0) return { axis, size, high: Math.min(1, size), low: size };
  const divisors = divisorsOf(size / turn).map((divisor) => divisor * turn);
  // Of two that are as near, the wider.
  const nearer = (a: number, b: number) => oblong(a) - oblong(b) || b - a;
  const even = divisors.reduce((best, low) => nearer(low, best) < 0 ? low : best);
  const near = turn * Math.max(1, Math.round(Math.sqrt(size * down / across) / turn));
  const padded = Math.min(near, size);
  const low = oblong(even) > OBLONG && oblong(padded) < oblong(even) ? padded : even;
  return { axis, size, high: Math.ceil(size / low), low };
}

/** A tensor of which this axis is two: rows, and places in them. Its last row may reach beyond it. */
export function splitAxis(tensor: TensorInfo, { axis, high, low }: Split): TensorInfo {
  const { shape, strides, composed, layout: _, ...rest } = tensor;
  const stride = strides[axis]!;
  const [outer, ...inner] = composed?.[axis] ?? [];
  const sides: Record<number, readonly Side[]> = {};
  for (const [key, value] of Object.entries(composed ?? {})) {
    if (Number(key) !== axis) sides[Number(key) > axis ? Number(key) + 1 : Number(key)] = value;
  }
  const turn = composedTurn(tensor, axis);
  if (outer) sides[axis + 1] = [{ size: low / turn, stride: outer.stride }, ...inner];
  return {
    ...rest,
    shape: shape.toSpliced(axis, 1, high, low),
    strides: strides.toSpliced(axis, 1, outer ? outer.stride * low / turn : stride * low, stride),
    ...(Object.keys(sides).length > 0 ? { composed: sides } : {}),
  };
}

/** Near-cubic sides for so many cells, whole turns across; the last row and slice may not be full. */
export function cubeOf(cells: number, turn: number): [number, number, number] {
  if (cells === 0) return [0, 0, 0];
  const side = Math.cbrt(cells);
  const width = turn > 1 ? turn * Math.max(1, Math.round(side / turn)) : Math.ceil(side - 1e-9);
  const rows = Math.ceil(cells / width);
  const height = Math.ceil(Math.sqrt(rows));
  return [width, height, Math.ceil(rows / height)];
}

/** Elements after which an axis composed of sides goes on evenly: rows of other lengths do not. */
export const composedTurn = ({ composed }: TensorInfo, axis: number): number =>
  (composed?.[axis] ?? []).slice(1).reduce((product, { size }) => product * size, 1);

function divisorsOf(n: number): number[] {
  const low: number[] = [];
  for (let i = 1; i * i <= n; i++) if (n % i === 0) low.push(i);
  return [...low, ...low.map((divisor) => n / divisor)];
}
