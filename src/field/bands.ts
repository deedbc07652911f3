import type { Bordered, Packed } from "../compute/ops.ts";
import { bytesOf } from "../formats/format.ts";
import { type CellReader, extend, type Rect } from "./cells.ts";
import { offsets, type Plane } from "./plane.ts";

// Matrices as their files have them, read in bands of whole rows: one read a band, whose cells kernels
// take as they are stored, but for the columns at either side, which have no neighbours.

/** Bytes of a band: with what is made of it, it stays in a core's second-level cache. */
const BAND = 1 << 21;
/** Cells in a row below which the columns at its sides are most of it. */
const NARROW = 128;

/** What becomes of the parts of a band. */
export interface BandVisitor {
  /** Rows at the plane's upper or lower edge: to be read in another way. */
  edge(rect: Rect): void;
  /** Cells with a border all round, as the file has them. */
  stored(rect: Rect, bytes: Uint8Array, packed: Packed): void;
  /** Columns at the left or right edge, the border beyond it extrapolated. */
  side(rect: Rect, cells: Bordered): void;
}

/** Whether kernels take a plane's blocks of 2^`base` cells and twice that side as they are stored. */
export function isPacked(plane: Plane, base: number): boolean {
  const { tensor, width, rowsAreRuns, folded } = plane;
  const narrow = tensor.dtype === "BF16" || tensor.dtype === "F32";
  return !plane.versus && narrow && base === 3 && rowsAreRuns && !folded && width >= NARROW &&
    !tensor.bigEndian && !tensor.affine;
}

/** Cuts blocks of 2^(base + 1) cells a side, whole rows of the plane or parts of them, into bands. */
export function eachBand(
  reader: CellReader,
  base: number,
  blocks: Rect,
  visitor: BandVisitor,
): void {
  const { plane } = reader;
  const block = 2 ** (base + 1);
  const left = blocks.x * block, right = Math.min(plane.width, (blocks.x + blocks.width) * block);
  const end = Math.min(plane.height, (blocks.y + blocks.height) * block);
  const rows = Math.floor(BAND / bytesOf(plane.tensor.dtype, right - left) / block) * block;
  for (let top = blocks.y * block, bottom; top < end; top = bottom) {
    const isEdge = top === 0 || top + block >= plane.height;
    // Whole blocks that have a row beneath them.
    const last = Math.floor((Math.min(end, plane.height - 1)) / block) * block;
    bottom = isEdge ? Math.min(end, top + block) : Math.min(last, top + Math.max(block, rows));
    const rect = { x: left, y: top, width: right - left, height: bottom - top };
    if (isEdge) visitor.edge(rect);
    else readBand(reader, rect, block, visitor);
  }
}

function readBand(
  { plane, source, ops, clock, cancelled }: CellReader,
  { x, y, width, height }: Rect,
  block: number,
  visitor: BandVisitor,
): void {
  cancelled();
  const { dtype, bigEndian, offset } = plane.tensor;
  // One column more at each side, where the plane has it.
  const before = x > 0 ? 1 : 0, after = x + width < plane.width ? 1 : 0;
  const across = before + width + after, item = bytesOf(dtype, 1);
  const { rows, columns: [first = 0] } = offsets(plane, x - before, y - 1, 1, height + 2);
  ops.frame(() => {
    const began = performance.now();
    const pitch = across * item;
    const bytes = ops.scratch(rows.length * pitch);
    const from = (row: number) => offset + bytesOf(dtype, row + first);
    const joined = rows.length < 2 || rows.at(-1)! - rows[0]! === (rows.length - 1) * across;
    if (joined) source.readSync(from(rows[0]!), bytes);
    else {
      for (const [i, row] of rows.entries()) {
        source.readSync(from(row), bytes.subarray(i * pitch, (i + 1) * pitch));
      }
    }
    clock.read += performance.now() - began;
    const packedAt = (column: number, width: number): [Uint8Array, Packed] => [
      bytes.subarray((before + column - 1) * item),
      { dtype, bigEndian, width: width + 2, rows: rows.length, pitch },
    ];
    const start = before ? 0 : block;
    const end = after ? width : Math.floor((width - 1) / block) * block;
    visitor.stored(
      { x: x + start, y, width: end - start, height },
      ...packedAt(start, end - start),
    );
    const side = (column: number, count: number, left: 0 | 1, right: 0 | 1) =>
      ops.frame(() => {
        const wide = count + 2;
        const { buffer, byteOffset } = ops.scratch(wide * rows.length * 4);
        const values = new Float32Array(buffer, byteOffset, wide * rows.length);
        const cells = bytes.subarray((before + column - left) * item);
        const packed = { dtype, bigEndian, width: left + count + right, rows: rows.length, pitch };
        ops.decode(cells, packed, { values, start: 1 - left, pitch: wide });
        const bordered = { values, width: count, height };
        extend(bordered, { left, right, top: 1, bottom: 1 });
        visitor.side({ x: x + column, y, width: count, height }, bordered);
      });
    if (!before) side(0, block, 0, 1);
    if (!after) side(end, width - end, 1, 0);
  });
}
