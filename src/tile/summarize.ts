import { attentionFigures } from "../analysis/attention_figures.ts";
import { help, openPair, type PairMemory } from "../analysis/pair.ts";
import type { Matrix, Reader } from "../analysis/matrix.ts";
import { NotFinite } from "../analysis/row_bands.ts";
import { summarise, type Summarised, type TensorSummary } from "../analysis/summary.ts";
import { type TruncatedSvd, truncatedSvd } from "../analysis/truncated_svd.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { axesOf, fold, type Plane } from "../field/plane.ts";
import { isWide, readWide } from "../field/wide.ts";
import { elementCount, type TensorInfo } from "../formats/format.ts";
import type { Job } from "./job.ts";

/** Elements up to which a tensor that is not stored row by row is held, to be read so. */
const HELD = 1 << 24;

/** The layer's summary and singular values, read as a stream, of values as exact as the file has them. */
export async function summarizeLayer(
  reader: CellReader,
  { singular, isAttention }: Job & { readonly kind: "summary" },
): Promise<Summarised<TensorSummary>> {
  const { tensor } = reader.plane;
  const { shape, dtype } = tensor;
  const described = { shape, dtype, outputAxis: axesOf(tensor)[0] ?? 0 };
  const read = rowMajorReader(reader);
  const { ops, cancelled } = reader;
  if (read) {
    const { summary, spectra } = await summarise(described, read, { singular, ops, cancelled });
    const attention = isAttention ? await attentionFigures(shape, read, cancelled) : null;
    return { summary: { ...summary, attention }, spectra };
  }
  // In the file's order, in which the channels lie scattered: all figures but theirs.
  const line = fold(tensor, { rows: [], columns: storedOrder(tensor) });
  const { summary } = await summarise({ shape: [line.cells], dtype }, stream(reader, line), {
    ...{ singular: null, ops, cancelled },
  });
  return { summary: { ...summary, shape, channel_norms: null, attention: null }, spectra: null };
}

/** The largest singular values of the layer's view [first axis, all others]; null of what has none. */
export async function svdOfLayer(
  reader: CellReader,
  pair: PairMemory,
  count: number,
): Promise<TruncatedSvd | null> {
  const matrix = matrixOf(reader);
  if (!matrix) return null;
  try {
    const opened = await openPair(matrix, pair, reader.ops, reader.cancelled);
    try {
      return await truncatedSvd(opened, count);
    } finally {
      opened.close();
    }
  } catch (error) {
    if (error instanceof NotFinite) return null;
    throw error;
  }
}

/** Helps another worker with that. */
export async function helpWithLayer(reader: CellReader, pair: PairMemory): Promise<void> {
  const matrix = matrixOf(reader);
  if (matrix) await help(matrix, pair, reader.ops, reader.cancelled);
}

function matrixOf(reader: CellReader): Matrix | null {
  const { shape } = reader.plane.tensor, read = rowMajorReader(reader);
  const count = elementCount(shape);
  if (!read || shape.length < 2 || count === 0) return null;
  return { rows: shape[0]!, columns: count / shape[0]!, read };
}

/** Reads a tensor in row-major order; null for one that is stored in another and too large to be held. */
function rowMajorReader(reader: CellReader): Reader | null {
  const { tensor } = reader.plane, order = storedOrder(tensor);
  const line = fold(tensor, { rows: [], columns: order });
  if (order.every((axis, i) => axis === i)) return stream(reader, line);
  if (line.cells > HELD) return null;
  const values = rowMajorValues(reader, tensor);
  return (from, count) => values.subarray(from, from + count);
}

/** Axes from the one whose steps are the longest on. */
const storedOrder = ({ shape, strides }: TensorInfo): number[] =>
  [...shape.keys()].sort((a, b) => strides[b]! - strides[a]! || a - b);

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
