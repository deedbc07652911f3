import type { Dtype } from "../formats/format.ts";

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

/** Where layers of rows of voxels go: `values[start + z * layer + y * pitch + x]`. */
export interface VoxelTarget extends Target {
  /** Elements from one layer to the next. */
  readonly layer: number;
}

/**
 * Voxels with a border of one voxel on every side, in layers of `height + 2` rows of `width + 2`: voxel
 * (x, y, z) is `values[((z + 1) * (height + 2) + y + 1) * (width + 2) + x + 1]`.
 */
export interface BorderedVoxels extends Bordered {
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

/** Cells of a box: cell (x, y, z) is `values[start + z * slice + y * pitch + x]`. */
export interface Brick {
  readonly values: Float32Array;
  readonly start: number;
  /** Elements from one row to the next, and from one slice to the next. */
  readonly pitch: number;
  readonly slice: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/** When eight nodes of an octree become one: SPEC 8. */
export interface MergeRule {
  /** The cells of a leaf differ by less than ε / (1 + κ · ρ), ρ being max|cell| / `largest`. */
  readonly epsilon: number;
  /**
   * Their variance is less. Not asked for where it is not given: what is within ε has a variance
   * below ε² / 4 in any case (Popoviciu 1935).
   */
  readonly tau?: number | undefined;
  /** 0 unless given. */
  readonly kappa?: number | undefined;
  /** The largest magnitude of the volume that nodes are part of: needed where κ is above 0. */
  readonly largest?: number | undefined;
}

/** A cube of cells; figures are of the finite ones, NaN (0 for the variance) where there is none. */
export interface OctreeNode {
  /** One of `octree.ts`: an inner node, or which kind of leaf. */
  readonly state: number;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Figures of the finite cells of nodes of one level, NaN (0 for variances) where there is none. */
export interface NodeFigures {
  readonly means: Float32Array;
  readonly variances: Float32Array;
  readonly mins: Float32Array;
  readonly maxs: Float32Array;
}

/**
 * The octree of a brick, level by level: level 0 is cells, that of the root is `levels`. Each level
 * is in Morton order, x in the lowest bit, then y, then z; children of a node follow each other.
 */
export interface BrickTree {
  readonly levels: number;
  readonly root: OctreeNode;
  /**
   * Of each level below the root: a leaf stands for its mean. Those of level 0 are cells: their means are
   * their values, NaN and ±∞ among them, their other arrays are empty.
   */
  readonly leaves: readonly NodeFigures[];
  /**
   * Of the inner nodes of each level up to the root's: bit n says that child n is an inner node.
   * Levels 0 and 1 have none: cells are no inner nodes, and children of level 1 are cells.
   */
  readonly masks: readonly Uint8Array[];
  /** Of the same nodes figures… */
  readonly inner: readonly NodeFigures[];
  /** …and how many inner nodes there are, one level below, before their own children. */
  readonly firsts: readonly Uint32Array[];
  /** How many of each level's leaves lie wholly outside of the brick. */
  readonly absent: Uint32Array;
  /** The largest distance of a cell from the mean of its leaf, the root left out. */
  readonly error: number;
}

/** The least and the most levels of a `BrickTree`: 4 and 64 cells a side. */
export const BRICK_LEVELS = [2, 6] as const;

/** A layer of neurons: `weights[k * outputs + j]` is how much input k counts for output j. */
export interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A product of matrices, as `Ops.gemm` has it; numbers are rounded to float32. */
export interface Product {
  /** Rows of C, columns of C, terms of each sum: A has m × k numbers, B k × n. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Which of the two is stored transposed: A as k rows of m, or B as n rows of k. */
  readonly transposed: "none" | "a" | "b";
  readonly alpha: number;
  readonly beta: number;
}

/** Terms of a product that are summed before they are added to C. */
export const TERMS = 256;

/**
 * What a matrix does to a vector, in the names of linear algebra: A·x; Aᵀ·x; AᵀA·x, the operator of the
 * normal equations.
 */
export type Operator = "plain" | "transposed" | "normal";

/**
 * What kernels do. The plain TypeScript version (`reference/`) defines each operation, the others
 * are held to it by `tests/compute/conformance.ts`. Arrays in, arrays out; arrays that come out
 * live in scratch memory and are valid until the `frame` around the call ends.
 */
export interface Ops {
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
    cells: Bordered,
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
  /**
   * C = α·A·B + β·C, of matrices in rows: element (i, j) is `values[start + i * pitch + j]`. C shares no memory
   * with A and B, not even between rows.
   *
   * Arithmetic is float32's. Terms are summed in their order, `TERMS` at a time, each such sum s from 0 on;
   * then C = α·s + β·C, with β = 1 from the second sum on. Without terms s is 0. Where β is 0, C is not read,
   * so that it may hold anything. NaN and ±∞ spread as IEEE has it, also from where α is 0; of NaN the bits
   * are undefined. Kernels that leave it to the processor whether a product is rounded before it is added
   * differ from that by as much as such roundings: of element (i, j) by at most
   * (min(k, `TERMS`) + k / `TERMS` + 4)·2⁻²³·(|α|·Σ|a|·|b| + |β·c|) where nothing overflows or is denormal.
   */
  gemm(a: Target, b: Target, product: Product, c: Target): void;
  /**
   * y += A·x, Aᵀ·x or AᵀA·x, of `rows` × `columns` float32 numbers and vectors of float64, in one pass over
   * the rows: sums of bands of rows add up to those of the whole. y shares no memory with A and x.
   *
   * Products and sums are float64's; the order of sums is left open, so that kernels differ by at most
   * n·2⁻⁵²·Σ|a·x|, n being the terms of each sum; those of AᵀA·x by that of both its sums. Rows may be as many
   * as there are, columns up to 2²².
   */
  gemv(
    a: Target,
    rows: number,
    columns: number,
    operator: Operator,
    x: Float64Array,
    y: Float64Array,
  ): void;
  /**
   * Adds the products of a matrix's lines with each other to the lower triangle of `out`, row-major: of its
   * rows, A·Aᵀ, or of its columns, AᵀA. What lies above the diagonal is left alone. Pieces of long lines add up
   * to the whole. `out` shares no memory with A.
   *
   * Products are exact in float64 and sums float64's, in an order that is left open: kernels differ by at most
   * n·2⁻⁵³·Σ|a·b|, n being the length of a line. Square roots of its eigenvalues are singular values that are
   * off by less than 1e-5 of themselves down to σ = 1e-3·σ₁, which float32 sums would not give.
   */
  gram(
    a: Target,
    rows: number,
    columns: number,
    lines: "rows" | "columns",
    out: Float64Array,
  ): void;
  /**
   * Products with a band of rows A (row-major, `x.length` columns, `product.length` rows) in one pass: `product`
   * becomes A·x, and Aᵀ·product is added to `sum`, as long as x. NaN and ±∞ spread as IEEE has it. Sums are
   * float32's, in an order that backends choose, products rounded or not: each component of `product` is within
   * ε·n·Σ|a·x|, what `sum` gains within ε·(n + rows)·Σ|a|·Σ|a·x|, ε being 2⁻²³. The arrays share no memory.
   */
  normal(band: Float32Array, x: Float32Array, product: Float32Array, sum: Float32Array): void;
  /** The largest magnitude, 0 of nothing; ∞ where there is an infinite value, NaN where there is one. */
  magnitude(values: Float32Array): number;
  /** One palette entry a value. */
  shade(values: Float32Array, shade: Shade): Uint8Array;
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
