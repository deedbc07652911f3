import { summarise, type Summary } from "../analysis/summary.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold, offsets, type Plane } from "../field/plane.ts";
import { type Dtype, dtypes, type TensorInfo } from "../formats/format.ts";

/** Singular values are computed of layers of up to so many elements: seconds, not minutes. */
const SPECTRUM = 1 << 24;

/** The layer's summary, read as a stream in row-major order whatever its layout in the file. */
export function summarizeLayer(reader: CellReader): Promise<Summary> {
  const { tensor } = reader.plane;
  const line = fold(tensor, { rows: [], columns: [...tensor.shape.keys()] });
  const wide = wideReaders[tensor.dtype];
  const read = (from: number, count: number) => {
    reader.cancelled();
    if (wide) return readWide(reader, line, wide, from, count);
    const values = new Float32Array(count);
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
  return summarise(tensor, read, { spectrum: line.cells <= SPECTRUM });
}

type WideReader = (view: DataView, at: number, little: boolean) => number;

/** Element types that float32 would round: summaries keep what the file says. */
const wideReaders: Partial<Record<Dtype, WideReader>> = {
  F64: (view, at, little) => view.getFloat64(at, little),
  I64: (view, at, little) => Number(view.getBigInt64(at, little)),
  U64: (view, at, little) => Number(view.getBigUint64(at, little)),
  I32: (view, at, little) => view.getInt32(at, little),
  U32: (view, at, little) => view.getUint32(at, little),
};

function readWide(
  { source }: CellReader,
  line: Plane,
  wide: WideReader,
  from: number,
  count: number,
): Float64Array {
  const { dtype, offset, bigEndian }: TensorInfo = line.tensor;
  const size = dtypes[dtype];
  const { columns } = offsets(line, from, 0, count, 1);
  const first = columns.reduce((low, at) => Math.min(low, at), Infinity);
  const last = columns.reduce((high, at) => Math.max(high, at), 0);
  const bytes = new Uint8Array((last - first + 1) * size);
  source.readSync(offset + first * size, bytes);
  const view = new DataView(bytes.buffer);
  return Float64Array.from(columns, (at) => wide(view, (at - first) * size, !bigEndian));
}
