import { bytesOf, isBlocked, packingOf } from "../formats/format.ts";
import { halvesOf } from "./byte_order.ts";
import {
  type BlockStats,
  type Bordered,
  type BorderedVoxels,
  type Brick,
  BRICK_LEVELS,
  type Dense,
  type Neighboured,
  type Packed,
  type Target,
  type VoxelTarget,
} from "./ops.ts";

// Kernels work on addresses and cannot tell where an array ends: every size is checked before.

/**
 * Throws `RangeError` unless rows are whole blocks, `bytes` holds them, their byte order is known and
 * the target has room for them.
 */
export function checkDecode(bytes: Uint8Array, packed: Packed, target: Target): void {
  checkPacked("decode", bytes, packed);
  checkTarget("decode", target, packed.width, packed.rows);
}

function checkPacked(operation: string, bytes: Uint8Array, packed: Packed): void {
  const { dtype, bigEndian, width, rows, pitch } = packed;
  const { elements } = packingOf(dtype);
  if (bigEndian && isBlocked(dtype) && !halvesOf[dtype]) {
    throw new RangeError(`${operation}: ${dtype} is not known in big-endian order`);
  }
  if (width % elements !== 0) {
    throw new RangeError(`${operation}: ${width} ${dtype} are no whole blocks of ${elements}`);
  }
  const need = rows === 0 ? 0 : (rows - 1) * pitch + bytesOf(dtype, width);
  if (bytes.byteLength < need) {
    throw new RangeError(
      `${operation}: ${rows} rows of ${width} ${dtype}, ${pitch} bytes apart, need ${need} bytes; ` +
        `${bytes.byteLength} are there`,
    );
  }
}

/** Throws `RangeError` unless every picked cell and every target cell exists. */
export function checkGather(
  values: Float32Array,
  rows: Int32Array,
  columns: Int32Array,
  target: Target,
): void {
  if (rows.length === 0 || columns.length === 0) return;
  const [row, column] = [span(rows), span(columns)];
  const [first, last] = [row.min + column.min, row.max + column.max];
  if (first < 0 || last >= values.length) {
    throw new RangeError(`gather: cells ${first}..${last} asked of ${values.length}`);
  }
  checkTarget("gather", target, columns.length, rows.length);
}

/** Throws `RangeError` unless the cells have their border and the block is a power of two. */
export function checkBlocks(operation: string, cells: Bordered, block: number): void {
  const { values, width, height } = cells;
  const need = (width + 2) * (height + 2);
  if (values.length < need) {
    throw new RangeError(
      `${operation}: ${width} × ${height} cells and their border are ${need} values; ` +
        `${values.length} are there`,
    );
  }
  checkBlock(operation, block);
}

/** Throws `RangeError` unless all cells and their partners exist. */
export function checkCompare(cells: Target, others: Target, width: number, height: number): void {
  checkTarget("compare", cells, width, height);
  checkTarget("compare", others, width, height);
}

/** Throws `RangeError` unless all cells exist and the block is a power of two. */
export function checkCells(
  operation: string,
  cells: Target,
  width: number,
  height: number,
  block: number,
): void {
  checkTarget(operation, cells, width, height);
  checkBlock(operation, block);
}

function checkBlock(operation: string, block: number): void {
  if (!(block >= 1 && block <= 2 ** 30 && Number.isInteger(Math.log2(block)))) {
    throw new RangeError(`${operation}: block must be a power of two, got ${block}`);
  }
}

/** Throws `RangeError` unless `bytes` holds cells and their border, the block is a power of two. */
export function checkBordered(
  operation: string,
  bytes: Uint8Array,
  packed: Packed,
  block: number,
): void {
  const { width, rows } = packed;
  if (width < 2 || rows < 2) {
    throw new RangeError(`${operation}: ${width} × ${rows} cells have no border around them`);
  }
  checkPacked(operation, bytes, packed);
  checkBlock(operation, block);
}

/** Throws `RangeError` unless there is an entry for every block. */
export function checkStats(operation: string, stats: BlockStats): void {
  const need = stats.width * stats.height;
  if (stats.count.length < need) {
    throw new RangeError(
      `${operation}: ${stats.width} × ${stats.height} blocks are ${need} entries; ` +
        `${stats.count.length} are there`,
    );
  }
}

/** Throws `RangeError` unless all cells exist and the cube of 2^`levels` cells a side holds them. */
export function checkBrick(brick: Brick, levels: number): void {
  const { values, start, pitch, slice, width, height, depth } = brick;
  const [least, most] = BRICK_LEVELS;
  if (!(levels >= least && levels <= most && Number.isInteger(levels))) {
    throw new RangeError(
      `mergeBrick: levels must be a whole number from ${least} to ${most}, got ${levels}`,
    );
  }
  const sides = [width, height, depth];
  if (!sides.every((side) => side >= 0 && side <= 2 ** levels && Number.isInteger(side))) {
    throw new RangeError(
      `mergeBrick: ${width} × ${height} × ${depth} cells are in no cube of ${2 ** levels} a side`,
    );
  }
  if (sides.includes(0)) return;
  const end = start + (depth - 1) * slice + (height - 1) * pitch + width;
  if (!(start >= 0 && pitch >= 0 && slice >= 0 && end <= values.length)) {
    throw new RangeError(`mergeBrick: the cells are ${start}..${end - 1} of ${values.length}`);
  }
}

/** Throws `RangeError` unless there are 65,536 bins. */
export function checkBins(bins: Uint32Array): void {
  if (bins.length !== 65536) {
    throw new RangeError(`countKeys: 65536 bins expected, got ${bins.length}`);
  }
}

/** Throws `RangeError` unless steps are at least one and the phase is none below 0, both whole. */
export function checkSteps(step: number, phase: number): void {
  if (!(step >= 1 && step < 2 ** 16 && Number.isInteger(step))) {
    throw new RangeError(`countGroups: step must be a whole number from 1 to 65535, got ${step}`);
  }
  if (!(phase >= 0 && Number.isSafeInteger(phase))) {
    throw new RangeError(`countGroups: phase must be a whole number from 0 on, got ${phase}`);
  }
}

/**
 * Elements from one row to the next. Throws `RangeError` unless the cells have their border, and fields and
 * target are as large as they.
 */
export function checkStepCells(
  { values, width, height, ends }: Neighboured,
  weight: Target,
  gradient: Target | null,
  out: Target,
): number {
  const pitch = ends ? width : width + 2, need = pitch * (height + 2);
  if (values.length < need) {
    throw new RangeError(
      `stepCells: ${width} × ${height} cells and their border are ${need} values; ` +
        `${values.length} are there`,
    );
  }
  for (const target of [weight, gradient ?? weight, out]) {
    checkTarget("stepCells", target, width, height);
  }
  return pitch;
}

/** The same of voxels. */
export function checkStepVoxels(
  { values, width, height, depth, ends }: BorderedVoxels,
  weight: VoxelTarget,
  gradient: VoxelTarget | null,
  out: VoxelTarget,
): number {
  const pitch = ends ? width : width + 2, need = pitch * (height + 2) * (depth + 2);
  if (values.length < need) {
    throw new RangeError(
      `stepVoxels: ${width} × ${height} × ${depth} voxels and their border are ${need} values; ` +
        `${values.length} are there`,
    );
  }
  if (depth === 0) return pitch;
  for (const target of [weight, gradient ?? weight, out]) {
    checkTarget("stepVoxels", target, width, height);
    const last = { ...target, start: target.start + (depth - 1) * target.layer };
    checkTarget("stepVoxels", last, width, height);
  }
  return pitch;
}

/** Rows of inputs; throws `RangeError` unless they are whole and weights, biases and room for outputs are there. */
export function checkDense(input: Float32Array, layer: Dense, out: Float32Array): number {
  const { inputs, outputs, weights, bias } = layer, rows = input.length / inputs;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`dense: ${input.length} inputs are no whole rows of ${inputs}`);
  }
  if (weights.length !== inputs * outputs || bias.length !== outputs) {
    throw new RangeError(
      `dense: ${inputs} × ${outputs} weights and ${outputs} biases expected, got ` +
        `${weights.length} and ${bias.length}`,
    );
  }
  if (out.length < rows * outputs) {
    throw new RangeError(`dense: ${rows} × ${outputs} outputs, room for ${out.length}`);
  }
  return rows;
}

function checkTarget(operation: string, target: Target, width: number, rows: number): void {
  const { values, start, pitch } = target;
  const end = rows === 0 ? start : start + (rows - 1) * pitch + width;
  if (start < 0 || end > values.length) {
    throw new RangeError(
      `${operation}: the target's cells are ${start}..${end - 1} of ${values.length}`,
    );
  }
}

function span(values: Int32Array): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Throws `RangeError` unless the band has as many columns as x, as many rows as the product, and the sum fits. */
export function checkNormal(
  band: Float32Array,
  x: Float32Array,
  product: Float32Array,
  sum: Float32Array,
  vectors: number,
): void {
  const rows = product.length / vectors, columns = x.length / vectors, cells = rows * columns;
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw new RangeError(
      `normal: ${product.length} products with ${x.length} numbers are not of ${vectors} vectors`,
    );
  }
  if (band.length !== cells || sum.length !== x.length) {
    const of = vectors === 1 ? "" : ` of ${vectors} vectors`;
    throw new RangeError(
      `normal: ${rows} products of a row with ${columns} numbers need ${cells} cells and ` +
        `a sum of ${x.length}${of}, got ${band.length} and ${sum.length}`,
    );
  }
}
