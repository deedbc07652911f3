import { addSquares, type Dominant, dominantPair } from "../analysis/channels.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { axesOf } from "../field/plane.ts";
import { refold } from "../field/versus.ts";
import { lineOf } from "./sample.ts";
import { allCells } from "./sweep.ts";

/** Cells read at once: as float32 they stay in a core's second-level cache, and are whole blocks of any type. */
export const CHUNK = 1 << 17;

/**
 * Sums of the squares of a layer's finite cells from `from` to below `to`, in the order in which they are
 * stored, for each of the slices along its output axis. The tensor has one axis at least.
 */
export function squaresOf(reader: CellReader, from: number, to: number): Float64Array<ArrayBuffer> {
  const { ops, plane: { tensor } } = reader, { shape } = tensor;
  const [output = 0] = axesOf(tensor), count = shape[output]!;
  const line = refold(reader.plane, lineOf(tensor).axes), order = line.axes.columns;
  const inner = order.slice(order.indexOf(output) + 1)
    .reduce((product, axis) => product * shape[axis]!, 1);
  const squares = new Float64Array(count);
  for (let x = from; x < to; x += CHUNK) {
    reader.cancelled();
    ops.frame(() => {
      const width = Math.min(CHUNK, to - x);
      const { buffer, byteOffset } = ops.scratch(width * 4);
      const values = new Float32Array(buffer, byteOffset, width);
      const rect = { x, y: 0, width, height: 1 };
      readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: width });
      addSquares(values, x, { count, inner }, squares, ops.sumSquares);
    });
  }
  return squares;
}

/** The dominant singular pair of a layer that can be held at once. */
export function dominantOf(reader: CellReader): Dominant {
  const [output, ...others] = axesOf(reader.plane.tensor) as [number, ...number[]];
  const plane = refold(reader.plane, { rows: [output], columns: others });
  return dominantPair(allCells({ ...reader, plane }), plane.height);
}
