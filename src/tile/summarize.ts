import { summarise, type Summary } from "../analysis/summary.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { axesOf, fold, type Plane } from "../field/plane.ts";
import { isWide, readWide } from "../field/wide.ts";
import type { TensorInfo } from "../formats/format.ts";

/** Elements up to which singular values are computed: seconds, not minutes. */
const SPECTRUM = 1 << 24;
/** Elements up to which a tensor that is not stored row by row is held, to be read so. */
const HELD = 1 << 24;

/** The layer's summary, read as a stream, of values as exact as the file has them. */
export async function summarizeLayer(reader: CellReader): Promise<Summary> {
  const { tensor } = reader.plane;
  const { shape, dtype } = tensor;
  const summarised = { shape, dtype, outputAxis: axesOf(tensor)[0] ?? 0 };
  const order = [...shape.keys()].sort((a, b) => tensor.strides[b]! - tensor.strides[a]! || a - b);
  const line = fold(tensor, { rows: [], columns: order });
  if (order.every((axis, i) => axis === i)) {
    return await summarise(summarised, stream(reader, line), { spectrum: line.cells <= SPECTRUM });
  }
  if (line.cells <= HELD) {
    const values = rowMajorValues(reader, tensor);
    const read = (from: number, count: number) => values.subarray(from, from + count);
    return await summarise(summarised, read, { spectrum: true });
  }
  // In the file's order, in which the channels lie scattered: all figures but theirs.
  const summary = await summarise(tensor, stream(reader, line), { spectrum: false });
  return { ...summary, channel_norms: null };
}

/** Reads runs of a one-row plane. */
function stream(reader: CellReader, line: Plane) {
  return (from: number, count: number): Float32Array | Float64Array => {
    reader.cancelled();
    if (isWide(line.tensor)) return readWide(reader, line, from, 0, count);
    const values = new Float32Array(count);
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
}

function rowMajorValues(reader: CellReader, tensor: TensorInfo): Float32Array | Float64Array {
  const axes = [...tensor.shape.keys()];
  if (isWide(tensor)) {
    const line = fold(tensor, { rows: [], columns: axes });
    return readWide(reader, line, 0, 0, line.cells);
  }
  const plane = fold(tensor, { rows: axes.slice(0, 1), columns: axes.slice(1) });
  const { width, height } = plane;
  const values = new Float32Array(width * height);
  readCells({ ...reader, plane }, { x: 0, y: 0, width, height }, {
    values,
    start: 0,
    pitch: width,
  });
  return values;
}
