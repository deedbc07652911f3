import type { Dtype } from "../formats/format.ts";
import type { Brick, BrickTree, MergeRule } from "./brick_tree.ts";
import type { MatrixOps } from "./matrix_ops.ts";

export {
  type Brick,
  BRICK_LEVELS,
  type BrickTree,
  type MergeRule,
  type NodeFigures,
  type OctreeNode,
} from "./brick_tree.ts";
export { type Operator, type Product, type Symmetric, TERMS } from "./matrix_ops.ts";

/** A palette has 251 steps, so that the middle one is exactly zero of a diverging map… */
export const RAMP = 251;
/** …and these entries beside them: of lines over a picture, and of what has no place on the ramp. */
export const LINE = 251;
export const OUTSIDE = 252;
export const NEGATIVE_INFINITY = 253;
export const POSITIVE_INFINITY = 254;
export const NOT_A_NUMBER = 255;

/** Rows of elements in raw bytes. */
export interface Packed {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
  /** Elements in a row. */
  readonly width: number;
  readonly rows: number;
  /** Bytes from one row to the next. */
  readonly pitch: number;
}

/** Where rows of cells go: `values[start + y * pitch + x]`. */
export interface Target {
  readonly values: Float32Array;
  readonly start: number;
  /** Elements from one row to the next. */
  readonly pitch: number;
}

/**
 * Cells with a border of one cell on every side, in rows of `width + 2`: cell (x, y) is
 * `values[(y + 1) * (width + 2) + x + 1]`. The border holds the neighbours, so that central
 * differences need no special case; at an edge of the tensor it is extrapolated (`extend`), which
 * makes the central difference the one-sided one.
 */
export interface Bordered {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** What lies beyond the ends of rows: the cell at the end, the row again, or nothing. */
export type Ends = "clamp" | "wrap" | "zero";

/**
 * Cells with neighbours all round. Where `ends` says what lies left and right of them, rows are of `width`
 * and have no border there, only above and below: cell (x, y) is `values[(y + 1) * width + x]`.
 */
export interface Neighboured extends Bordered {
  readonly ends?: Ends | undefined;
}

/** Where layers of rows of voxels go: `values[start + z * layer + y * pitch + x]`. */
export interface VoxelTarget extends Target {
  /** Elements from one layer to the next. */
  readonly layer: number;
}

/**
 * Voxels with a border of one voxel on every side, in layers of `height + 2` rows of `width + 2`: voxel
 * (x, y, z) is `values[((z + 1) * (height + 2) + y + 1) * (width + 2) + x + 1]`. Where `ends` says what lies
 * left and right, rows are of `width`.
 */
export interface BorderedVoxels extends Neighboured {
  readonly depth: number;
}

/**
 * Statistics of a grid of square blocks, one entry a block, row-major. Blocks at the right and
 * bottom edge hold the cells that exist.
 */
export interface BlockStats {
  readonly width: number;
  readonly height: number;
  /** Finite values; everything down to `gradient` is of these alone, NaN (0 for m2, gradient) where none is. */
  readonly count: Uint32Array;
  readonly mean: Float32Array;
  /** Sum of squared differences from the mean. */
  readonly m2: Float32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  /** Sum of |∇|, central differences in both directions; a cell whose |∇| is not finite adds 0. */
  readonly gradient: Float32Array;
  /** Values > 0. */
  readonly positive: Uint32Array;
  /** Values = 0. */
  readonly zero: Uint32Array;
  readonly nan: Uint32Array;
  /** +∞ and −∞. */
  readonly infinite: Uint32Array;
}

/** Statistics of blocks, and of their quarters the means alone. */
export interface BlockLevels {
  readonly stats: BlockStats;
  /** As `blockMeans` gives them: row-major, NaN where no cell is finite. */
  readonly means: Float32Array;
}

/** Neighbouring cells of a row that are counted together, or not. */
export const GROUP = 8;

/**
 * Normalise and index: a value becomes the palette entry `round(125 + 125 * y)`, clamped to
 * 0..250, of `y = gain * f((x - center) * scale)`, f being the curve. NaN and ±∞ have entries of
 * their own.
 */
export interface Shade {
  /** `linear`: t. `tanh`: tanh t. `log`: sign(t)·log1p|t|. */
  readonly curve: "linear" | "tanh" | "log";
  readonly center: number;
  readonly scale: number;
  readonly gain: number;
}

/**
 * How two numbers are compared, in float32. `difference`: a − b. `ratio`: log₂(|a| / |b|), of which 0
 * is "as large as before" and ±1 twice and half; as IEEE has it, ∞ where b alone is 0, −∞ where a alone
 * is, NaN where both are. `signs`: 1 where one is above zero and the other below, 0 elsewhere, so also
 * where either is zero; NaN where either is.
 */
export type Comparison = "difference" | "ratio" | "signs";

/** One step of an automaton, as `Ops.stepCells` has it; numbers are rounded to float32. */
export interface CellRule {
  /** How far a cell goes towards the mean of its neighbours, 0 not at all, 1 all the way. */
  readonly alpha: number;
  /** How much its weight strengthens it. */
  readonly beta: number;
  /** How much its gradient pushes it. */
  readonly gamma: number;
  /** `relu` keeps NaN and −0. `tanh` is `reference/tanh.ts`: ±1 from ±8.4 on, ±∞ included, NaN of NaN. */
  readonly nonlinearity: "none" | "tanh" | "relu";
}

/** A layer of neurons: `weights[k * outputs + j]` is how much input k counts for output j. */
export interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * What kernels do. The plain TypeScript version (`reference/`) defines each operation, the others
 * are held to it by `tests/compute/conformance.ts`. Arrays in, arrays out; arrays that come out
 * live in scratch memory and are valid until the `frame` around the call ends.
 */
export interface Ops extends MatrixOps {
  readonly name: string;
  /** Runs `work`, then takes back every scratch array made in it. Frames nest. */
  frame<T>(work: () => T): T;
  /** Bytes near the kernels, 16-byte aligned, contents undefined; inputs that lie there are not copied. */
  scratch(byteLength: number): Uint8Array;
  /** The same that outlives frames, until it is released. Throws `RangeError` where there is no room. */
  keep(byteLength: number): Uint8Array<ArrayBuffer>;
  release(bytes: Uint8Array): void;
  /**
   * Raw bytes to float32, each dtype rounded to nearest where float32 is narrower. Rows of quantized
   * types are whole blocks; their arithmetic is float32's, in ggml's order.
   */
  decode(bytes: Uint8Array, packed: Packed, target: Target): void;
  /** Picks cells: `target(x, y) = values[rows[y] + columns[x]]`. */
  gather(values: Float32Array, rows: Int32Array, columns: Int32Array, target: Target): void;
  /** `cells` in place: each becomes what comparing it with its partner among `others` gives. */
  compare(cells: Target, others: Target, width: number, height: number, how: Comparison): void;
  /** Statistics of blocks of `block` × `block` cells (a power of two), blocks counted from cell (0, 0). */
  blockStats(cells: Bordered, block: number): BlockStats;
  /**
   * `blockStats` of cells as they are stored: `packed` counts the border, so that it has two columns
   * and two rows more than there are cells. Those in scratch need not be decoded: float32, and
   * bfloat16 in blocks of 8 or 16.
   */
  packedStats(bytes: Uint8Array, packed: Packed, block: number): BlockStats;
  /** Means of the finite cells of blocks, NaN where there is none: where nothing else is asked. */
  blockMeans(cells: Target, width: number, height: number, block: number): Float32Array;
  /** `blockStats` of blocks of 2·`block` cells a side and `blockMeans` of those of `block`, in one pass. */
  blockLevels(cells: Bordered, block: number): BlockLevels;
  /** The same of cells as they are stored, as in `packedStats`; of none decoded if bfloat16 or float32, `block` 8. */
  packedLevels(bytes: Uint8Array, packed: Packed, block: number): BlockLevels;
  /** Merges 2×2 blocks into one, exactly (Chan, Golub, LeVeque 1979). */
  merge(stats: BlockStats): BlockStats;
  /**
   * Merges the cells of a brick, as the lowest corner of a cube of 2^`levels` cells a side, into an
   * octree, from the cells up: eight leaves become one where all their cells, not only their means,
   * are as close to each other as the rule says. What lies outside of the brick hinders none and
   * counts in none; a node whose cells are all NaN is one leaf; one that has other cells beside NaN,
   * or an infinite one, is kept apart down to those.
   * Exact: every kernel gives the same bits. O(cells).
   */
  mergeBrick(brick: Brick, levels: number, rule: MergeRule): BrickTree;
  /** Adds each value to its bin: bin = top 16 bits of the float's order-preserving key (`orderKey`). 65,536 bins. */
  countKeys(values: Float32Array, bins: Uint32Array): void;
  /**
   * `countKeys` of a share of the cells: of row y the groups g of `GROUP` neighbours, counted from
   * column 0, with (y + g + phase) % step = 0. The last group of a row has the cells that are left.
   */
  countGroups(cells: Bordered, step: number, phase: number, bins: Uint32Array): void;
  /** The same of cells as they are stored, as in `packedStats`; float32, bfloat16 and float16 are not decoded. */
  countPackedGroups(
    bytes: Uint8Array,
    packed: Packed,
    step: number,
    phase: number,
    bins: Uint32Array,
  ): void;
  /**
   * The sum of the squares of finite values, in float64; 0 of none. The order of additions is the
   * backend's, so that sums differ by their rounding.
   */
  sumSquares(values: Float32Array): number;
  /**
   * One step of an automaton whose cells have eight neighbours (Moore's), each cell on its own:
   * Δ = mean(neighbours) − x, then f((x + α·Δ + γ·g)·(1 + β·w)), where x, w and g are the cell's value,
   * weight and gradient and f is the nonlinearity. `weight`, `gradient` and `out` are as large as the
   * cells without their border, which holds the neighbours beyond them: where a plane ends is the
   * caller's matter. Without a gradient there is no γ·g. `out` shares no memory with what is read.
   *
   * Arithmetic is float32's, in an order that is part of the definition, so that all backends, and
   * tiles at their seams, agree to the bit: columns of three are summed from above, their sums from the
   * left, x is subtracted and the rest multiplied by 1/8. NaN and ±∞ spread as IEEE has it; of NaN the
   * bits are undefined.
   */
  stepCells(
    cells: Neighboured,
    weight: Target,
    gradient: Target | null,
    rule: CellRule,
    out: Target,
  ): void;
  /**
   * The same in three dimensions, with 26 neighbours: threes along z are summed first, from the first
   * layer on, their sums along y, those along x; 1/26 is rounded to float32.
   */
  stepVoxels(
    voxels: BorderedVoxels,
    weight: VoxelTarget,
    gradient: VoxelTarget | null,
    rule: CellRule,
    out: VoxelTarget,
  ): void;
  /**
   * A layer of neurons for as many rows of inputs as there are, a row of outputs for each: of output j,
   * bias plus the products of inputs and weights, added in the inputs' order, each operation in float32, so
   * that backends agree to the bit; then, if `relu`, 0 for what is below. NaN stays NaN, its bits are
   * undefined. `out` shares no memory with what is read.
   */
  dense(input: Float32Array, layer: Dense, relu: boolean, out: Float32Array): void;
  /** One palette entry a value. */
  shade(values: Float32Array, shade: Shade): Uint8Array;
  /**
   * Where entries lie on their ramp, 0 to 255, once they are put between `least` and `most`; what is no
   * finite number lies where the entry `zero` does.
   */
  places(entries: Uint8Array, least: number, most: number, zero: number): Uint8Array;
  /** SPEC's packed statistics: RGBA8, un-premultiplied; blocks without a finite value are 0,0,0,0. */
  pack(stats: BlockStats, alpha: number, scale: number): Uint8Array;
  /**
   * PNG scanlines of `height` rows of `width` bytes: each row behind a byte that names its filter.
   * All rows have the one of None, Sub and Up that leaves the least entropy. `pixel` is bytes a
   * pixel.
   */
  filterRows(bytes: Uint8Array, width: number, height: number, pixel: number): Uint8Array;
  /** The largest byte, 0 of none. */
  largest(bytes: Uint8Array): number;
  /** A zlib stream (RFC 1950) that holds `bytes`, made for images with `rowLength` bytes from row to row. */
  zlib(bytes: Uint8Array, rowLength: number): Uint8Array;
  /** CRC-32C (RFC 3720, appendix B.4); `before` is the sum of what came before, 0 of nothing. */
  crc32c(bytes: Uint8Array, before?: number): number;
}

/** float32 bits as an unsigned integer that sorts as the values do: −∞ … −0, +0 … +∞; NaN at both ends. */
export function orderKey(bits: number): number {
  return (bits & 0x80000000) !== 0 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}
