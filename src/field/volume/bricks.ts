import type { Brick, Ops } from "../../compute/ops.ts";
import { type CellReader, readCells, type SyncSource } from "../cells.ts";
import type { Box } from "../octree/grid.ts";
import { placeOf, type Volume } from "../volume.ts";

/** Where a volume's cells come from. */
export interface VolumeReader {
  readonly volume: Volume;
  /** That of each of its planes, asked for at every read: of many, not all may be open at once. */
  readonly source: (plane: number) => SyncSource;
  readonly ops: Ops;
  /** Milliseconds, added to by every read. */
  readonly clock: { read: number; decode: number };
  /** Throws when the work is no longer wanted. */
  readonly cancelled: () => void;
}

/**
 * The cells of a box that lies in the volume, as float32 in scratch memory, slice after slice; NaN
 * where a cell has no element.
 */
export function readBrick(reader: VolumeReader, box: Box): Brick {
  const { volume, ops } = reader;
  const { x, y, z, width, height, depth } = box;
  const slice = width * height;
  const { buffer, byteOffset } = ops.scratch(slice * depth * 4);
  const values = new Float32Array(buffer, byteOffset, slice * depth);
  const brick = { values, start: 0, pitch: width, slice, width, height, depth };
  if (slice * depth === 0) return brick;
  const slices = volume.depth / volume.planes.length;
  // Whole slices of a tensor lie one below the other.
  const isWhole = unfilled(volume) === 0 && height === volume.height;
  for (let n = 0, count = 1; n < depth; n += count) {
    const place = placeOf(volume, z + n), { tensor } = place;
    const top = place.slice * volume.height + y;
    if (isWhole) {
      count = Math.min(depth - n, slices - place.slice);
      const rows = { x, y: top, width, height: height * count };
      readRows(reader, tensor, rows, values, n * slice);
    } else readSlice(reader, tensor, { x, y, width, height }, top, values, n * slice);
  }
  return brick;
}

/** Pieces that the last row of each slice's mosaic lacks. */
const unfilled = ({ split }: Volume): number => split ? split.high * split.low - split.size : 0;

/** A rectangle of one slice, whose first row is row `top` of the plane. */
function readSlice(
  reader: VolumeReader,
  plane: number,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  top: number,
  values: Float32Array,
  start: number,
): void {
  const { split, height: rows, width: columns } = reader.volume;
  const missing = unfilled(reader.volume);
  const full = missing > 0 ? rows - rows / split!.high : rows;
  const upper = Math.max(0, Math.min(height, full - y));
  if (upper > 0) readRows(reader, plane, { x, y: top, width, height: upper }, values, start);
  if (upper === height) return;
  const reach = columns - columns / split!.low * missing;
  const have = Math.max(0, Math.min(width, reach - x));
  const from = start + upper * width;
  values.fill(NaN, from, start + height * width);
  const rest = { x, y: top + upper, width: have, height: height - upper };
  if (have > 0) readRows(reader, plane, rest, values, from, width);
}

/** Rows of a plane, of which a folded vector may have fewer than the volume has. */
function readRows(
  reader: VolumeReader,
  index: number,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  values: Float32Array,
  start: number,
  pitch = width,
): void {
  const plane = reader.volume.planes[index]!;
  const rows = Math.max(0, Math.min(height, plane.height - y));
  const cells: CellReader = { ...reader, plane, source: reader.source(index) };
  if (rows > 0) readCells(cells, { x, y, width, height: rows }, { values, start, pitch });
  if (rows < height) values.fill(NaN, start + rows * pitch, start + height * pitch);
}
