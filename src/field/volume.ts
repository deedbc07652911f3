import { BadRequest } from "../errors.ts";
import type { CapturedKind, TensorInfo } from "../formats/format.ts";
import { axesOf, describeAxes, fold, indexOf, type Plane } from "./plane.ts";
import { composedTurn, cubeOf, type Split, splitAxis, splitFor } from "./volume/split.ts";

/** Which axes of a tensor run along x (across), y (down) and z (through the slices), outermost first. */
export interface VolumeAxes {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly z: readonly number[];
  /** One more, of whose elements each has a piece of y and x: they lie in a near-square mosaic. */
  readonly mosaic?: number;
}

/** The 3-D grid of a tensor, or of several of equal shape: one cell an element. */
export interface Volume {
  /** Cells across, down and through. */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** Elements; fewer than cells where something is folded that does not fill its last row. */
  readonly cells: number;
  /**
   * One a tensor, of as many slices each: those of the first come first. They lie one below the other,
   * slice n of a tensor's from row n · height on.
   */
  readonly planes: readonly Plane[];
  /** The axis that was folded over y and x, if one was. */
  readonly split: Split | null;
  /** In words, how the tensor became a volume. */
  readonly described: string;
}

/**
 * The volume of a tensor. Without `axes`, of a tensor [output, input, space…]: each output channel is
 * a slice; its inputs are a near-square mosaic, row by row, of pieces that are the spatial axes, the
 * last of them across and the others down. So a matrix [out, in] has a slice of folded inputs for
 * each output, a convolution [O, I, kh, kw] a mosaic of I kernels for each filter. A vector is
 * near-cubic, row by row and slice by slice. A tensor with a `layout` is taken as if its axes came in
 * that order. Throws `BadRequest` where `axes` is not a split of the tensor's axes.
 */
export function foldVolume(tensor: TensorInfo, axes?: VolumeAxes): Volume {
  if (axes) return axes.mosaic === undefined ? ofAxes(tensor, axes, null) : ofMosaic(tensor, axes);
  const [output, input, ...space] = axesOf(tensor);
  if (output === undefined) return ofAxes(tensor, { x: [], y: [], z: [] }, null);
  if (input === undefined) return ofVector(tensor);
  const inner = { x: space.slice(-1), y: space.slice(0, -1) };
  return ofMosaic(tensor, { ...inner, z: [output], mosaic: input });
}

/**
 * The axes of what was captured: of activations [samples, channels, space…] each channel is a slice, a
 * mosaic of the samples; of attention [heads, N, N] each head is one. Undefined where there are others.
 */
export function capturedAxes(
  kind: CapturedKind,
  { shape }: TensorInfo,
): VolumeAxes | undefined {
  if (shape.length < 3 || kind === "gradient") return undefined;
  if (kind === "attention") return shape.length === 3 ? { x: [2], y: [1], z: [0] } : undefined;
  const space = [...shape.keys()].slice(2);
  return { x: space.slice(-1), y: space.slice(0, -1), z: [1], mosaic: 0 };
}

function ofMosaic(tensor: TensorInfo, { x, y, z, mosaic = 0 }: VolumeAxes): Volume {
  const extent = (axes: readonly number[]) =>
    axes.reduce((product, axis) => product * tensor.shape[axis]!, 1);
  const split = splitFor(tensor, mosaic, extent(y), extent(x));
  // The view has one axis more, from the split one on.
  const moved = (axis: number) => axis > mosaic ? axis + 1 : axis;
  return ofAxes(splitAxis(tensor, split), {
    x: [mosaic + 1, ...x.map(moved)],
    y: [mosaic, ...y.map(moved)],
    z: z.map(moved),
  }, split);
}

/**
 * Tensors of equal shape one behind the other in one volume, in their order. Without `axes` each is a
 * slice, folded as its plane; with them, as many slices as the axes of `z` make. Throws `BadRequest`,
 * which names the shapes, or the sizes of slices, where they differ, and where `axes` is not a split of the tensors' axes.
 */
export function stackVolume(tensors: readonly TensorInfo[], axes?: VolumeAxes): Volume {
  checkAlike("shapes", tensors, ({ shape }) => `[${shape}]`);
  const volumes = tensors.map((tensor) => axes ? foldVolume(tensor, axes) : sliceOf(tensor));
  // Where a file keeps axes in another order, equal shapes may fold differently.
  const extents = new Map(
    volumes.map(({ planes, width, height }) =>
      [planes[0]!.tensor.name, `${width} × ${height}`] as const
    ),
  );
  checkAlike("slices", tensors, ({ name }) => extents.get(name)!);
  const [first] = volumes, last = tensors.at(-1);
  if (!first || !last) throw new BadRequest("a stack needs at least one tensor", { found: 0 });
  const { width, height, depth, cells, split, described } = first, { length } = tensors;
  return {
    ...{ width, height, depth: depth * length, cells: cells * length, split },
    planes: volumes.flatMap(({ planes }) => planes),
    described: `through: ${length} tensors, from ${
      tensors[0]!.name
    } to ${last.name}; in each ${described}`,
  };
}

/** The volume of a tensor, or of several that are a stack, as `foldVolume` and `stackVolume` say. */
export const volumeOf = (tensors: readonly TensorInfo[], axes?: VolumeAxes): Volume =>
  tensors.length === 1 ? foldVolume(tensors[0]!, axes) : stackVolume(tensors, axes);

/** Where a slice lies: in which tensor's plane, and which of its slices it is there. */
export function placeOf(
  { depth, planes }: Pick<Volume, "depth" | "planes">,
  z: number,
): { readonly tensor: number; readonly slice: number } {
  const slices = depth / planes.length;
  return { tensor: Math.floor(z / slices), slice: z % slices };
}

/** The element of a cell: which tensor of a stack (else 0), and its index there. Null where there is none. */
export function elementOf(
  volume: Volume,
  x: number,
  y: number,
  z: number,
): { tensor: number; index: number[] } | null {
  const { width, height, depth, planes, split } = volume;
  if (x < 0 || y < 0 || z < 0 || x >= width || y >= height || z >= depth) return null;
  const { tensor, slice } = placeOf(volume, z);
  const index = indexOf(planes[tensor]!, x, slice * height + y);
  if (!index) return null;
  if (split) {
    const [high, low] = index.splice(split.axis, 2);
    const at = high! * split.low + low!;
    if (at >= split.size) return null;
    index.splice(split.axis, 0, at);
  }
  return { tensor, index };
}

function ofAxes(tensor: TensorInfo, axes: VolumeAxes, split: Split | null): Volume {
  check(tensor, axes);
  const { shape } = tensor;
  const plane = fold(tensor, { rows: [...axes.z, ...axes.y], columns: axes.x });
  const extent = (of: readonly number[]) => of.reduce((product, axis) => product * shape[axis]!, 1);
  const cells = split ? plane.cells / (split.high * split.low || 1) * split.size : plane.cells;
  return {
    ...{ width: plane.width, height: extent(axes.y), depth: extent(axes.z) },
    ...{ cells, planes: [plane], split, described: describe(shape, axes, split) },
  };
}

/** Throws `BadRequest` where tensors of a stack differ in something, with all that was found. */
function checkAlike(
  what: string,
  tensors: readonly TensorInfo[],
  spell: (tensor: TensorInfo) => string,
): void {
  const kinds = Map.groupBy(tensors, spell);
  if (kinds.size < 2) return;
  const found = Array.from(
    kinds,
    ([kind, [first, ...others]]) =>
      `${kind} (${first!.name}${others.length > 0 ? ` and ${others.length} more` : ""})`,
  );
  throw new BadRequest(`tensors of a stack have equal ${what}, not ${found.join(", ")}`, {
    ...{ found: [...kinds.keys()], expected: `equal ${what}` },
  });
}

/** A tensor as a single slice: its plane. */
function sliceOf(tensor: TensorInfo): Volume {
  const plane = fold(tensor), { width, height, cells } = plane;
  const described = describeAxes(plane);
  return { width, height, depth: 1, cells, planes: [plane], split: null, described };
}

function ofVector(tensor: TensorInfo): Volume {
  const cells = tensor.shape[0]!;
  const [width, height, depth] = cubeOf(cells, composedTurn(tensor, 0));
  const rows = Math.ceil(cells / Math.max(1, width));
  const plane = { ...fold(tensor), width, height: rows };
  const described =
    `a vector of ${cells}, folded into ${depth} slices of ${height} rows of ${width}`;
  return { width, height, depth, cells, planes: [plane], split: null, described };
}

/** Axes by the numbers that the tensor has, not its view. */
function describe(shape: readonly number[], axes: VolumeAxes, split: Split | null): string {
  if (shape.length === 0) return "a single value";
  const name = (axis: number) => {
    if (!split || axis < split.axis) return `axis ${axis} (${shape[axis]})`;
    if (axis > split.axis + 1) return `axis ${axis - 1} (${shape[axis]})`;
    return axis === split.axis
      ? `rows of axis ${axis} (${split.high})`
      : `axis ${split.axis} (${split.size} in rows of ${split.low})`;
  };
  const list = (of: readonly number[]) => of.map(name).join(" then ") || "nothing";
  return `across: ${list(axes.x)}; down: ${list(axes.y)}; through: ${list(axes.z)}`;
}

function check({ shape }: TensorInfo, { x, y, z }: VolumeAxes): void {
  const all = [...x, ...y, ...z].sort((a, b) => a - b);
  if (all.length === shape.length && all.every((axis, i) => axis === i)) return;
  throw new BadRequest(
    `axes=${x}|${y}|${z} must name each of the ${shape.length} axes of [${shape}] once`,
    { parameter: "axes", found: `${x}|${y}|${z}`, rank: shape.length },
  );
}
