import type { Ops, Target } from "../compute/ops.ts";
import { bytesOf, packingOf, type TensorInfo, wholeBlocks } from "../formats/format.ts";
import { type Box, boxOf } from "./box.ts";
import type { CellReader, Rect, SyncSource } from "./cells.ts";
import { heldRows } from "./held.ts";
import { offsets } from "./plane.ts";

// One positional read costs as much as copying about this many bytes, so narrower gaps are read over.
const GAP = 8192;
// Elements from one that is wanted to the next that are read over in any case.
const HOLE = 32;
// Rows that are worth a reading of their own.
const FEW = 4;
// Largest single read: keeps scratch small and cancellation prompt.
const SPAN = 1 << 22;

/**
 * The cells of a rectangle all of which have elements, as float32, into `target`: as few reads as
 * the file's order of them allows.
 */
export function readBlock(reader: CellReader, rect: Rect, target: Target): void {
  const { plane } = reader;
  const { x, y, width, height } = rect;
  if (!plane.rowsAreRuns && !plane.folded) {
    const box = boxOf(plane, rect, looseness(reader.source) * width * height);
    if (box && box.count > SPAN / 4) return readHalves(reader, rect, target);
    if (box) return readBox(reader, box, target);
  }
  if (plane.rowsAreRuns) {
    const { rows, columns } = offsets(plane, x, y, 1, height);
    if (readRuns(reader, rows, columns[0]!, width, target)) return;
  }
  const { rows, columns } = offsets(plane, x, y, width, height);
  readScattered(reader, rows, columns, target);
}

/** The same in two parts, each with runs as long. */
function readHalves(reader: CellReader, rect: Rect, target: Target): void {
  const { x, y, width, height } = rect;
  const { start, pitch } = target;
  const half = (size: number) => Math.max(1, size >> 1);
  if (reader.plane.runsDown ? width > 1 : height === 1) {
    const left = half(width);
    readBlock(reader, { ...rect, width: left }, target);
    const rest = { ...rect, x: x + left, width: width - left };
    return readBlock(reader, rest, { ...target, start: start + left });
  }
  const top = half(height);
  readBlock(reader, { ...rect, height: top }, target);
  const rest = { ...rect, y: y + top, height: height - top };
  readBlock(reader, rest, { ...target, start: start + top * pitch });
}

/** Cells of which those below each other are neighbours in the file: in its order, then turned. */
function readBox(reader: CellReader, box: Box, target: Target): void {
  const { rows, columns, down, across, count, pitch } = box;
  reader.ops.frame(() => {
    const values = floats(reader.ops, count);
    const ordered = { values, start: 0, pitch };
    const isRun = columns.length === 1 || columns[1]! - columns[0]! === 1;
    if (!isRun || !readRuns(reader, rows, columns[0]!, columns.length, ordered)) {
      readScattered(reader, rows, columns, ordered);
    }
    const began = performance.now();
    reader.ops.gather(values, down, across, target);
    reader.clock.decode += performance.now() - began;
  });
}

/** Rows that are runs of the file, where enough of them follow each other evenly; false where not. */
function readRuns(
  reader: CellReader,
  rows: Float64Array,
  column: number,
  width: number,
  target: Target,
): boolean {
  const { elements } = packingOf(reader.plane.tensor.dtype);
  const sections = evenSections(rows);
  const few = sections.length * FEW <= rows.length + FEW;
  if (!few || rows.some((row) => row % elements !== 0)) return false;
  for (const [from, to] of sections) {
    const start = target.start + from * target.pitch;
    readRows(reader, rows.subarray(from, to), width, column, { ...target, start });
  }
  return true;
}

/**
 * Rows that are contiguous in the file, at an even distance: the layout of a matrix. Of elements in
 * blocks, whole blocks are decoded and the cells cut out of them.
 */
function readRows(
  { plane: { tensor }, source, held, ops, clock, cancelled }: CellReader,
  rows: Float64Array,
  width: number,
  column: number,
  { values, start, pitch: outPitch }: Target,
): void {
  const { dtype, bigEndian, offset } = tensor;
  const [first, run] = wholeBlocks(dtype, column, width);
  const rowBytes = bytesOf(dtype, run);
  const step = rows.length > 1 ? bytesOf(dtype, rows[1]! - rows[0]!) : rowBytes;
  const joined = step >= rowBytes && step - rowBytes <= (isFetched(source) ? 0 : GAP);
  const at = offset + bytesOf(dtype, rows[0]! + first);
  const near = heldRows({ source, held }, at, step, rowBytes, rows.length);
  const pitch = near?.pitch ?? (joined ? step : rowBytes);
  const band = Math.max(1, Math.floor(SPAN / pitch));
  for (let y = 0; y < rows.length; y += band) {
    cancelled();
    const count = Math.min(band, rows.length - y);
    ops.frame(() => {
      const began = performance.now();
      const bytes = near?.bytes.subarray(y * pitch) ?? ops.scratch((count - 1) * pitch + rowBytes);
      const from = at + y * step;
      if (joined && !near) source.readSync(from, bytes);
      else if (!near) {
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
  const most = Math.max(isFetched(reader.source) ? 0 : GAP / 8, looseness(reader.source) * cells);
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
  const [first, run] = wholeBlocks(dtype, from, span);
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

/** Elements that are read for one that is wanted, at most. */
const looseness = (source: SyncSource): number => isFetched(source) ? 1.25 : 3;

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
