import type { Comparison } from "../compute/ops.ts";
import { BadRequest } from "../errors.ts";
import type { Side, TensorInfo } from "../formats/format.ts";

/** Pixels a side of a tile. */
export const TILE = 256;

/** Which tensor axes run down a plane and which run across, outermost first. */
export interface Axes {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** The 2-D picture of a tensor: one cell an element. */
export interface Plane {
  readonly tensor: TensorInfo;
  /** Cells across and down. */
  readonly width: number;
  readonly height: number;
  /** Elements; less than width × height where a vector leaves its last row unfinished. */
  readonly cells: number;
  /** A vector laid out in rows of `width`, near-square. */
  readonly folded: boolean;
  readonly axes: Axes;
  /** Whether a row of cells is one run of elements in the file, as in a matrix. */
  readonly rowsAreRuns: boolean;
  /** Whether elements that are neighbours in the file lie one below the other, as transposed. */
  readonly runsDown: boolean;
  /** The zoom at which one cell is one pixel. */
  readonly nativeZoom: number;
  /** Where its cells are, of a plane that has some here and there; each has a gap around it. */
  readonly islands?: readonly Island[];
  /** What each cell is compared with; not there where cells are the tensor's own values. */
  readonly versus?: Versus;
  /** The tensor's gradient, folded alike, each cell of which is the slope at one cell, where it was captured. */
  readonly slope?: Plane;
}

/** A rectangle of cells with others far from it. */
export interface Island {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The plane of another tensor, each cell of which is the partner of one cell, and how they compare. */
export interface Versus {
  readonly plane: Plane;
  readonly how: Comparison;
}

/** The plane whose cells belong to those of another one; undefined where cells stand by themselves. */
export const besideOf = ({ versus, slope }: Plane): Plane | undefined => versus?.plane ?? slope;

/** What |∇| of a plane's cells is. */
export const slopesOf = ({ slope }: Plane): "captured" | "spatial" =>
  slope ? "captured" : "spatial";

/**
 * Folds a tensor into a plane. Without `axes`: a matrix [out, in] as it is; a vector near-square,
 * row by row; [O, I, kh, kw] as an O×I mosaic of kernels (rows 0,2; columns 1,3); rank 3 with its
 * first axis down, its last across, and the middle one where the plane is nearer to a square;
 * higher ranks with axes 0 and 2…r−2 down, 1 and r−1 across. A tensor with a `layout` is folded as
 * if its axes came in that order. Throws `BadRequest` where `axes` is not a split of the tensor's
 * axes.
 */
export function fold(tensor: TensorInfo, axes?: Axes): Plane {
  const { shape } = tensor;
  if (axes) check(axes, tensor);
  const chosen = axes ?? defaultAxes(tensor);
  const cells = extent(shape, shape.keys().toArray());
  const folded = shape.length === 1 && !axes;
  const width = folded ? foldedWidth(tensor, cells) : extent(shape, chosen.columns);
  const height = folded ? Math.ceil(cells / Math.max(1, width)) : extent(shape, chosen.rows);
  return {
    tensor,
    width,
    height,
    cells,
    folded,
    axes: chosen,
    rowsAreRuns: isRun(chosen.columns, tensor),
    runsDown: !folded && innermost(chosen.rows, tensor) < innermost(chosen.columns, tensor),
    nativeZoom: nativeZoom(width, height),
  };
}

/** The smallest zoom at which a plane of that size has one pixel a cell: SPEC 2. */
export function nativeZoom(width: number, height: number): number {
  const side = Math.max(width, height);
  return side <= TILE ? 0 : Math.ceil(Math.log2(side / TILE));
}

/** How the tensor was folded, in words. */
export function describeAxes({ tensor: { shape }, axes, folded, width }: Plane): string {
  if (shape.length === 0) return "a single value";
  if (folded) return `a vector of ${shape[0]}, folded into rows of ${width}`;
  const list = (of: readonly number[]) =>
    of.length === 0 ? "nothing" : of.map((axis) => `axis ${axis} (${shape[axis]})`).join(" then ");
  return `down: ${list(axes.rows)}; across: ${list(axes.columns)}`;
}

/** The tensor index, one number an axis, of the cell in column x and row y. Null where no element is. */
export function indexOf(plane: Plane, x: number, y: number): number[] | null {
  const { tensor: { shape }, axes, width, height, cells } = plane;
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  if (plane.folded) {
    const at = y * width + x;
    return at < cells ? [at] : null;
  }
  const index = new Array<number>(shape.length).fill(0);
  unravel(y, axes.rows, shape, index);
  unravel(x, axes.columns, shape, index);
  return index;
}

/** A tensor's axes, that of its output channels first: in the order output, input, then space. */
export const axesOf = ({ shape, layout }: TensorInfo): readonly number[] =>
  layout ?? [...shape.keys()];

/** Index of the output channel of a row of cells; 0 where channels run across. */
export function channelOf({ tensor, axes }: Plane, y: number): number {
  const [output] = axesOf(tensor);
  let below = 1;
  for (const axis of axes.rows.toReversed()) {
    if (axis === output) return Math.floor(y / below) % tensor.shape[axis]!;
    below *= tensor.shape[axis]!;
  }
  return 0;
}

/**
 * Offsets in elements: the element of cell (x, y) lies at `rows[y − y0] + columns[x − x0]`. Any
 * folding of any strided tensor separates like this, so reading needs no case per layout.
 */
export function offsets(
  plane: Plane,
  x0: number,
  y0: number,
  width: number,
  height: number,
): { rows: Float64Array; columns: Float64Array } {
  const { tensor, axes } = plane;
  if (plane.folded) {
    const sides = sidesOf([0], tensor);
    const first = (_: unknown, i: number) => along(sides, (y0 + i) * plane.width, 1)[0]!;
    return { rows: Float64Array.from({ length: height }, first), columns: along(sides, x0, width) };
  }
  return {
    rows: along(sidesOf(axes.rows, tensor), y0, height),
    columns: along(sidesOf(axes.columns, tensor), x0, width),
  };
}

/** Near-square; of a composed vector, whole turns of its inner sides, so that offsets stay a sum. */
function foldedWidth({ composed }: TensorInfo, cells: number): number {
  const side = Math.sqrt(cells);
  const turn = composed?.[0]?.slice(1).reduce((product, { size }) => product * size, 1);
  return turn ? turn * Math.max(1, Math.round(side / turn)) : Math.ceil(side);
}

/** The even steps that these axes are made of, innermost last. */
export const sidesOf = (
  axes: readonly number[],
  { shape, strides, composed }: TensorInfo,
): Side[] =>
  axes.flatMap((axis) => composed?.[axis] ?? [{ size: shape[axis]!, stride: strides[axis]! }]);

/** Offsets of `count` elements from the given one on, in the order of these sides. */
export function along(sides: readonly Side[], from: number, count: number): Float64Array {
  const out = new Float64Array(count);
  const digits = new Array<number>(sides.length);
  let offset = 0;
  for (let n = sides.length - 1; n >= 0; n--) {
    const { size, stride } = sides[n]!;
    digits[n] = from % size;
    offset += digits[n]! * stride;
    from = Math.floor(from / size);
  }
  for (let i = 0; i < count; i++) {
    out[i] = offset;
    for (let n = sides.length - 1; n >= 0; n--) {
      const { size, stride } = sides[n]!;
      offset += stride;
      if (++digits[n]! < size) break;
      offset -= size * stride;
      digits[n] = 0;
    }
  }
  return out;
}

/** Whether stepping through these axes, innermost last, steps through memory element by element. */
function isRun(axes: readonly number[], tensor: TensorInfo): boolean {
  let step = 1;
  for (const { size, stride } of sidesOf(axes, tensor).toReversed()) {
    if (size > 1 && stride !== step) return false;
    step *= size;
  }
  return true;
}

function unravel(at: number, axes: readonly number[], shape: readonly number[], into: number[]) {
  for (const axis of axes.toReversed()) {
    into[axis] = at % shape[axis]!;
    at = Math.floor(at / shape[axis]!);
  }
}

/** The least step through the file that an axis of more than one element makes. */
const innermost = (axes: readonly number[], tensor: TensorInfo): number =>
  sidesOf(axes, tensor).reduce(
    (least, { size, stride }) => size > 1 ? Math.min(least, stride) : least,
    Infinity,
  );

function defaultAxes(tensor: TensorInfo): Axes {
  const all = axesOf(tensor);
  if (all.length < 2) return { rows: [], columns: all };
  const [output, input, ...space] = all as [number, number, ...number[]];
  const last = space.pop();
  if (last === undefined) return { rows: [output], columns: [input] };
  if (space.length > 0) return { rows: [output, ...space], columns: [input, last] };
  const [o, i, s] = all.map((axis) => tensor.shape[axis]!) as [number, number, number];
  return Math.max(o * i, s) <= Math.max(o, i * s)
    ? { rows: [output, input], columns: [last] }
    : { rows: [output], columns: [input, last] };
}

function check(axes: Axes, tensor: TensorInfo): void {
  const all = [...axes.rows, ...axes.columns];
  const rank = tensor.shape.length;
  const split = all.length === rank && new Set(all).size === rank &&
    all.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank);
  if (!split) {
    throw new BadRequest(
      `axes=${axes.rows}|${axes.columns} must name each of the ${rank} axes of [${tensor.shape}] once`,
      { parameter: "axes", found: `${axes.rows}|${axes.columns}`, rank },
    );
  }
}

const extent = (shape: readonly number[], axes: readonly number[]) =>
  axes.reduce((product, axis) => product * shape[axis]!, 1);
