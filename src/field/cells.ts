import type { Bordered, Ops, Packed, Target } from "../compute/ops.ts";
import { bytesOf, isBlocked, packingOf, type TensorInfo } from "../formats/format.ts";
import type { Source } from "../storage/source.ts";
import { offsets, type Plane } from "./plane.ts";

/** A source that need not be waited for: what kernels read from. */
export type SyncSource = Source & Required<Pick<Source, "readSync">>;

/** Where cells come from, and how long it took to fetch them. */
export interface CellReader {
  readonly plane: Plane;
  readonly source: SyncSource;
  readonly ops: Ops;
  /** Milliseconds, added to by every read. */
  readonly clock: { read: number; decode: number };
  /** Throws when the work is no longer wanted. */
  readonly cancelled: () => void;
}

/** A rectangle of cells, or of blocks of them. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

// One positional read costs as much as copying about this many bytes, so narrower gaps are read over.
const GAP = 8192;
// Elements from one that is wanted to the next that are read over in any case.
const HOLE = 32;
// Rows that are worth a reading of their own.
const FEW = 4;
// Largest single read: keeps scratch small and cancellation prompt.
const SPAN = 1 << 22;

/**
 * The cells of a rectangle that lies on the plane, as float32, into `target`. Only the bytes of the
 * rectangle's rows are read, or, where they lie close together, the span that holds them. Cells of
 * a folded vector's last row that have no element are NaN.
 */
export function readCells(reader: CellReader, rect: Rect, target: Target): void {
  const { plane } = reader;
  const whole = plane.folded ? Math.floor(plane.cells / plane.width) : plane.height;
  const full = Math.max(0, Math.min(rect.height, whole - rect.y));
  if (full > 0) readBlock(reader, { ...rect, height: full }, target);
  if (full === rect.height) return;
  const start = target.start + full * target.pitch;
  const have = Math.max(0, Math.min(rect.width, plane.cells - whole * plane.width - rect.x));
  target.values.fill(NaN, start + have, start + rect.width);
  if (have > 0) {
    const rest = { x: rect.x, y: rect.y + full, width: have, height: 1 };
    readBlock(reader, rest, { ...target, start });
  }
}

/**
 * The same with a border of one cell: neighbours where the plane has them, else extrapolated from
 * the two nearest cells, which turns the central difference there into the one-sided one.
 */
export function readBordered(reader: CellReader, rect: Rect): Bordered {
  const { plane, ops } = reader;
  const { x, y, width, height } = rect;
  const pitch = width + 2;
  const bytes = ops.scratch(pitch * (height + 2) * 4);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, pitch * (height + 2));
  const left = x > 0 ? 1 : 0, top = y > 0 ? 1 : 0;
  const right = x + width < plane.width ? 1 : 0, bottom = y + height < plane.height ? 1 : 0;
  readCells(reader, {
    x: x - left,
    y: y - top,
    width: width + left + right,
    height: height + top + bottom,
  }, { values, start: (1 - top) * pitch + 1 - left, pitch });
  for (let row = 1; row <= height; row++) {
    const first = row * pitch + 1, last = first + width - 1;
    if (!left) values[first - 1] = extrapolate(values, first, 1, width + right);
    if (!right) values[last + 1] = extrapolate(values, last, -1, width + left);
  }
  for (let column = 1; column <= width && !(top && bottom); column++) {
    const first = pitch + column, last = first + (height - 1) * pitch;
    if (!top) values[column] = extrapolate(values, first, pitch, height + bottom);
    if (!bottom) values[last + pitch] = extrapolate(values, last, -pitch, height + top);
  }
  return { values, width, height };
}

/**
 * A rectangle with its border as the file has it, for kernels that need no decoding; null where the
 * border is not all on the plane or rows of cells are no runs of the file.
 */
export function readStored(
  { plane, source, ops, clock, cancelled }: CellReader,
  { x, y, width, height }: Rect,
): { bytes: Uint8Array; packed: Packed } | null {
  if (plane.tensor.affine || isBlocked(plane.tensor.dtype)) return null;
  const inside = x > 0 && y > 0 && x + width < plane.width && y + height < plane.height;
  if (!inside || plane.folded || !plane.rowsAreRuns) return null;
  cancelled();
  const began = performance.now();
  const { dtype, bigEndian, offset } = plane.tensor;
  const { rows, columns: [column = 0] } = offsets(plane, x - 1, y - 1, 1, height + 2);
  const rowBytes = bytesOf(dtype, width + 2);
  // Not a multiple of a page, which would have the rows push each other out of the cache.
  const pitch = Math.ceil(rowBytes / 64) * 64 + 64;
  const bytes = ops.scratch(rows.length * pitch);
  for (const [i, row] of rows.entries()) {
    const at = offset + bytesOf(dtype, row + column);
    source.readSync(at, bytes.subarray(i * pitch, i * pitch + rowBytes));
  }
  clock.read += performance.now() - began;
  return { bytes, packed: { dtype, bigEndian, width: width + 2, rows: rows.length, pitch } };
}

const extrapolate = (values: Float32Array, at: number, inward: number, cells: number) =>
  cells > 1 ? 2 * values[at]! - values[at + inward]! : values[at]!;

function readBlock(reader: CellReader, { x, y, width, height }: Rect, target: Target): void {
  const { plane } = reader;
  if (plane.rowsAreRuns) {
    const { rows, columns } = offsets(plane, x, y, 1, height);
    const { elements } = packingOf(plane.tensor.dtype);
    const sections = evenSections(rows);
    if (sections.length * FEW <= height + FEW && rows.every((row) => row % elements === 0)) {
      for (const [from, to] of sections) {
        const start = target.start + from * target.pitch;
        readRows(reader, rows.subarray(from, to), width, columns[0]!, { ...target, start });
      }
      return;
    }
  }
  const { rows, columns } = offsets(plane, x, y, width, height);
  readScattered(reader, rows, columns, target);
}

/**
 * Rows that are contiguous in the file, at an even distance: the layout of a matrix. Of elements in
 * blocks, whole blocks are decoded and the cells cut out of them.
 */
function readRows(
  { plane: { tensor }, source, ops, clock, cancelled }: CellReader,
  rows: Float64Array,
  width: number,
  column: number,
  { values, start, pitch: outPitch }: Target,
): void {
  const { dtype, bigEndian, offset } = tensor;
  const [first, run] = wholeBlocks(tensor, column, width);
  const rowBytes = bytesOf(dtype, run);
  const step = rows.length > 1 ? bytesOf(dtype, rows[1]! - rows[0]!) : rowBytes;
  const joined = step >= rowBytes && step - rowBytes <= (isFetched(source) ? 0 : GAP);
  const pitch = joined ? step : rowBytes;
  const band = Math.max(1, Math.floor(SPAN / pitch));
  for (let y = 0; y < rows.length; y += band) {
    cancelled();
    const count = Math.min(band, rows.length - y);
    ops.frame(() => {
      const began = performance.now();
      const bytes = ops.scratch((count - 1) * pitch + rowBytes);
      const from = offset + bytesOf(dtype, rows[y]! + first);
      if (joined) source.readSync(from, bytes);
      else {
        for (let i = 0; i < count; i++) {
          source.readSync(from + i * step, bytes.subarray(i * pitch, i * pitch + rowBytes));
        }
      }
      const read = performance.now();
      const packed = { dtype, bigEndian, width: run, rows: count, pitch };
      const target = { values, start: start + y * outPitch, pitch: outPitch };
      if (run === width) {
        ops.decode(bytes, packed, target);
        rescale(tensor, target, width, count);
      } else {
        const whole = floats(ops, run * count);
        ops.decode(bytes, packed, { values: whole, start: 0, pitch: run });
        rescale(tensor, { values: whole, start: 0, pitch: run }, run, count);
        for (let i = 0; i < count; i++) {
          const cells = i * run + column - first;
          values.set(whole.subarray(cells, cells + width), target.start + i * outPitch);
        }
      }
      clock.read += read - began;
      clock.decode += performance.now() - read;
    });
  }
}

/**
 * Any other layout (mosaics, Fortran order, chosen axes): a rectangle whose elements lie densely in
 * one span of the file is read as that span and picked apart; else it is halved.
 */
function readScattered(
  reader: CellReader,
  rows: Float64Array,
  columns: Float64Array,
  target: Target,
): void {
  const [top, bottom] = bounds(rows), [left, right] = bounds(columns);
  const cells = rows.length * columns.length;
  const span = bottom - top + right - left + 1;
  const most = isFetched(reader.source) ? 1.25 * cells : Math.max(GAP / 8, 3 * cells);
  // Small holes everywhere, as between the scales of blocks, cost less than a read for each cell.
  const porous = hole(columns, 0) <= HOLE && hole(rows, right - left) <= HOLE;
  if (cells === 1 || (span <= SPAN / 8 && (porous || span <= most))) {
    return readSpan(reader, rows, columns, top + left, span, target);
  }
  if (columns.length === 1 || (rows.length > 1 && bottom - top >= right - left)) {
    const half = rows.length >> 1;
    readScattered(reader, rows.subarray(0, half), columns, target);
    const start = target.start + half * target.pitch;
    readScattered(reader, rows.subarray(half), columns, { ...target, start });
  } else {
    const half = columns.length >> 1;
    readScattered(reader, rows, columns.subarray(0, half), target);
    readScattered(reader, rows, columns.subarray(half), { ...target, start: target.start + half });
  }
}

function readSpan(
  { plane: { tensor }, source, ops, clock, cancelled }: CellReader,
  rows: Float64Array,
  columns: Float64Array,
  from: number,
  span: number,
  target: Target,
): void {
  cancelled();
  const { dtype, bigEndian, offset } = tensor;
  const [first, run] = wholeBlocks(tensor, from, span);
  const [top] = bounds(rows);
  ops.frame(() => {
    const began = performance.now();
    const bytes = ops.scratch(bytesOf(dtype, run));
    source.readSync(offset + bytesOf(dtype, first), bytes);
    const read = performance.now();
    const values = floats(ops, run);
    const packed = { dtype, bigEndian, width: run, rows: 1, pitch: bytes.length };
    ops.decode(bytes, packed, { values, start: 0, pitch: run });
    rescale(tensor, { values, start: 0, pitch: run }, run, 1);
    const down = Int32Array.from(rows, (row) => row - top);
    const across = Int32Array.from(columns, (column) => column + top - first);
    ops.gather(values, down, across, target);
    clock.read += read - began;
    clock.decode += performance.now() - read;
  });
}

/** Whether bytes come over a network, where reading over gaps costs more than reading anew. */
const isFetched = ({ ref }: SyncSource): boolean => ref.kind === "remote";

/** The run of whole blocks that holds `count` elements from element `from` on: its start, its length. */
function wholeBlocks({ dtype }: TensorInfo, from: number, count: number): [number, number] {
  const { elements } = packingOf(dtype);
  const first = Math.floor(from / elements) * elements;
  return [first, Math.ceil((from + count) / elements) * elements - first];
}

/** Stored integers to the values they stand for. */
function rescale(
  { affine }: TensorInfo,
  { values, start, pitch }: Target,
  width: number,
  rows: number,
): void {
  if (!affine) return;
  for (let row = 0; row < rows; row++) {
    const first = start + row * pitch;
    for (let at = first; at < first + width; at++) {
      values[at] = values[at]! * affine.scale + affine.offset;
    }
  }
}

function floats(ops: Ops, count: number): Float32Array {
  const { buffer, byteOffset } = ops.scratch(count * 4);
  return new Float32Array(buffer, byteOffset, count);
}

/** The largest distance from an offset to the next, less the extent of what begins there. */
function hole(offsets: Float64Array, extent: number): number {
  let largest = 0;
  for (let i = 1; i < offsets.length; i++) {
    largest = Math.max(largest, Math.abs(offsets[i]! - offsets[i - 1]!) - extent);
  }
  return largest;
}

function bounds(offsets: Float64Array): [number, number] {
  let low = Infinity, high = -Infinity;
  for (const offset of offsets) {
    if (offset < low) low = offset;
    if (offset > high) high = offset;
  }
  return [low, high];
}

/** Cuts ascending rows where their distance changes: from each place to the next. */
function evenSections(rows: Float64Array): [number, number][] {
  const sections: [number, number][] = [];
  for (let from = 0, to: number; from < rows.length; from = to) {
    to = from + 1;
    const step = to < rows.length ? rows[to]! - rows[from]! : 0;
    while (step >= 0 && to < rows.length && rows[to]! - rows[to - 1]! === step) to++;
    sections.push([from, to]);
  }
  return sections;
}
