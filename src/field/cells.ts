import type { Bordered, Ops, Packed, Target } from "../compute/ops.ts";
import { bytesOf, isBlocked } from "../formats/format.ts";
import type { Source } from "../storage/source.ts";
import { type Held, heldRows } from "./held.ts";
import { offsets, type Plane, type Versus } from "./plane.ts";
import { readBlock } from "./runs.ts";

/** A source that need not be waited for: what kernels read from. */
export type SyncSource = Source & Required<Pick<Source, "readSync">>;

/** Where cells come from, and how long it took to fetch them. */
export interface CellReader {
  readonly plane: Plane;
  readonly source: SyncSource;
  /** Where the cells come from that those of a compared plane are compared with, or their slopes. */
  readonly other?: SyncSource | undefined;
  /** What of `source` is in memory already. */
  readonly held?: Held | undefined;
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

/** Cells compared at once: what bounds the scratch memory that their partners take. */
const BAND = 1 << 18;

/**
 * The cells of a rectangle that lies on the plane, as float32, into `target`. Only the bytes of the
 * rectangle's rows are read, or, where they lie close together, the span that holds them. Cells of
 * a folded vector's last row that have no element are NaN. Those of a compared plane are what their
 * comparison gives, by `Ops.compare`.
 */
export function readCells(reader: CellReader, rect: Rect, target: Target): void {
  const { versus } = reader.plane;
  const { y, width, height } = rect;
  if (width === 0 || height === 0) return;
  if (!versus) return readOwn(reader, rect, target);
  const rows = Math.max(1, Math.floor(BAND / width));
  for (let row = 0; row < height; row += rows) {
    const band = { ...rect, y: y + row, height: Math.min(rows, height - row) };
    readCompared(reader, versus, band, { ...target, start: target.start + row * target.pitch });
  }
}

function readCompared(reader: CellReader, versus: Versus, rect: Rect, target: Target): void {
  const { ops, clock } = reader;
  readOwn(reader, rect, target);
  const { width, height } = rect;
  ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(width * height * 4);
    const values = new Float32Array(buffer, byteOffset, width * height);
    const others = { values, start: 0, pitch: width };
    readBeside(reader, versus.plane, rect, others);
    const began = performance.now();
    ops.compare(target, others, width, height, versus.how);
    clock.decode += performance.now() - began;
  });
}

/** Cells of the plane beside a reader's own that belong to those of a rectangle, where there are any. */
export function readBeside(reader: CellReader, beside: Plane, rect: Rect, target: Target): void {
  const { plane, other } = reader;
  if (!other) throw new TypeError(`nothing to read beside ${plane.tensor.name}`);
  const partners: CellReader = { ...reader, plane: beside, source: other };
  if (beside.width === plane.width) return readOwn(partners, rect, target);
  // A vector whose own rows have another length: from one long row.
  const { x, y, width, height } = rect;
  for (let row = 0; row < height; row++) {
    const from = (y + row) * plane.width + x;
    const count = Math.min(width, plane.cells - from);
    const line = { x: from, y: 0, width: count, height: 1 };
    if (count > 0) readOwn(partners, line, { ...target, start: target.start + row * target.pitch });
  }
}

/** Cells of a plane as they are, whatever they are to be compared with. */
function readOwn(reader: CellReader, rect: Rect, target: Target): void {
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
  return extend({ values, width, height }, { left, top, right, bottom });
}

/** Extrapolates the sides of the border on which there are no neighbours: those that are 0. */
export function extend(
  cells: Bordered,
  { left, top, right, bottom }: Record<"left" | "top" | "right" | "bottom", 0 | 1>,
): Bordered {
  const { values, width, height } = cells;
  const pitch = width + 2;
  for (let row = 1; row <= height && !(left && right); row++) {
    const first = row * pitch + 1, last = first + width - 1;
    if (!left) values[first - 1] = extrapolate(values, first, 1, width + right);
    if (!right) values[last + 1] = extrapolate(values, last, -1, width + left);
  }
  for (let column = 1; column <= width && !(top && bottom); column++) {
    const first = pitch + column, last = first + (height - 1) * pitch;
    if (!top) values[column] = extrapolate(values, first, pitch, height + bottom);
    if (!bottom) values[last + pitch] = extrapolate(values, last, -pitch, height + top);
  }
  return cells;
}

/**
 * A rectangle with its border as the file has it, for kernels that need no decoding; null where the
 * border is not all on the plane, rows of cells are no runs of the file, or cells are compared.
 */
export function readStored(
  { plane, source, held, ops, clock, cancelled }: CellReader,
  { x, y, width, height }: Rect,
): { bytes: Uint8Array; packed: Packed } | null {
  if (plane.versus || plane.tensor.affine || isBlocked(plane.tensor.dtype)) return null;
  const inside = x > 0 && y > 0 && x + width < plane.width && y + height < plane.height;
  if (!inside || plane.folded || !plane.rowsAreRuns) return null;
  cancelled();
  const began = performance.now();
  const { dtype, bigEndian, offset } = plane.tensor;
  const { rows, columns: [column = 0] } = offsets(plane, x - 1, y - 1, 1, height + 2);
  const rowBytes = bytesOf(dtype, width + 2);
  const form = { dtype, bigEndian, width: width + 2, rows: rows.length };
  const [first = 0, second = 0] = rows;
  const at = offset + bytesOf(dtype, first + column);
  const step = bytesOf(dtype, second - first);
  const near = heldRows({ source, held }, at, step, rowBytes, rows.length);
  if (near) return { bytes: near.bytes, packed: { ...form, pitch: near.pitch } };
  // Not a multiple of a page, which would have the rows push each other out of the cache.
  const pitch = Math.ceil(rowBytes / 64) * 64 + 64;
  const bytes = ops.scratch(rows.length * pitch);
  for (const [i, row] of rows.entries()) {
    const at = offset + bytesOf(dtype, row + column);
    source.readSync(at, bytes.subarray(i * pitch, i * pitch + rowBytes));
  }
  clock.read += performance.now() - began;
  return { bytes, packed: { ...form, pitch } };
}

const extrapolate = (values: Float32Array, at: number, inward: number, cells: number) =>
  cells > 1 ? 2 * values[at]! - values[at + inward]! : values[at]!;
