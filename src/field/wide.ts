import { bytesOf, type Dtype, type TensorInfo } from "../formats/format.ts";
import { type CellReader, readCells } from "./cells.ts";
import { offsets, type Plane } from "./plane.ts";

type ReadElement = (view: DataView, at: number, little: boolean) => number;

/** Element types that float32 would round. */
const elements: Partial<Record<Dtype, ReadElement>> = {
  F64: (view, at, little) => view.getFloat64(at, little),
  I64: (view, at, little) => Number(view.getBigInt64(at, little)),
  U64: (view, at, little) => Number(view.getBigUint64(at, little)),
  I32: (view, at, little) => view.getInt32(at, little),
  U32: (view, at, little) => view.getUint32(at, little),
};

/** Whether values of the tensor are read as float64, so that none is rounded. */
export const isWide = ({ dtype, affine }: TensorInfo): boolean =>
  elements[dtype] !== undefined && !affine;

/** `count` cells of row `y` from column `x` on, as the file has them: for numbers, not for pictures. */
export function readWide(
  { source }: CellReader,
  plane: Plane,
  x: number,
  y: number,
  count: number,
): Float64Array {
  const { dtype, offset, bigEndian } = plane.tensor;
  const element = elements[dtype];
  if (!element) throw new TypeError(`${dtype} is not wider than float32`);
  const { rows: [row = 0], columns } = offsets(plane, x, y, count, 1);
  const first = columns.reduce((low, at) => Math.min(low, at), Infinity);
  const last = columns.reduce((high, at) => Math.max(high, at), 0);
  const size = bytesOf(dtype, 1);
  const bytes = new Uint8Array((last - first + 1) * size);
  source.readSync(offset + (row + first) * size, bytes);
  const view = new DataView(bytes.buffer);
  return Float64Array.from(columns, (at) => element(view, (at - first) * size, !bigEndian));
}

/** The value of one cell, as the file has it; of a compared plane, what the comparison gives. */
export function storedValue(reader: CellReader, x: number, y: number): number {
  if (!reader.plane.versus && isWide(reader.plane.tensor)) {
    return readWide(reader, reader.plane, x, y, 1)[0]!;
  }
  const values = new Float32Array(1);
  readCells(reader, { x, y, width: 1, height: 1 }, { values, start: 0, pitch: 1 });
  return values[0]!;
}
