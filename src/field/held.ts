import { bytesOf, packingOf, wholeBlocks } from "../formats/format.ts";
import type { CellReader, Rect, SyncSource } from "./cells.ts";
import { offsets } from "./plane.ts";

/** Rows of a file in scratch memory. */
export interface Held {
  readonly source: SyncSource;
  /** Where the first of them begins in the source, and from one to the next. */
  readonly from: number;
  readonly step: number;
  readonly rows: number;
  /** Bytes that are held of a row. */
  readonly rowBytes: number;
  readonly bytes: Uint8Array;
  /** Bytes from one row to the next in memory. */
  readonly pitch: number;
}

/** Largest rectangle that is held, in bytes. */
const LARGEST = 1 << 25;

/**
 * The reader with the bytes of a rectangle of cells, and of those around it, at hand until the frame
 * around the call ends: for tiles that show the same cells or share rows of the file, since a read
 * costs more than what it brings of a single tile. The reader as it is where rows of cells are not
 * runs of the file at an even distance, or are too many.
 */
export function hold(reader: CellReader, { x, y, width, height }: Rect): CellReader {
  const { plane, source, ops, cancelled } = reader;
  const { tensor: { dtype, offset } } = plane;
  if (!plane.rowsAreRuns || plane.folded || source.ref.kind === "remote") return reader;
  const left = Math.max(0, x - 1), top = Math.max(0, y - 1);
  const across = Math.min(plane.width, x + width + 1) - left;
  const down = Math.min(plane.height, y + height + 1) - top;
  const { rows, columns: [column = 0] } = offsets(plane, left, top, 1, down);
  const [first, run] = wholeBlocks(dtype, column, across);
  const rowBytes = bytesOf(dtype, run);
  const step = bytesOf(dtype, (rows[1] ?? 0) - (rows[0] ?? 0));
  const { elements } = packingOf(dtype);
  const isEven = rows.every((row, i) =>
    row % elements === 0 && (i === 0 || bytesOf(dtype, row - rows[i - 1]!) === step)
  );
  // Not a multiple of a page, which would have the rows push each other out of the cache.
  const pitch = Math.ceil(rowBytes / 64) * 64 + 64;
  if (step < rowBytes || !isEven || pitch * down > LARGEST) return reader;
  const from = offset + bytesOf(dtype, rows[0]! + first);
  const bytes = ops.scratch(pitch * down);
  for (let row = 0; row < down; row++) {
    if (row % ROWS === 0) cancelled();
    source.readSync(from + row * step, bytes.subarray(row * pitch, row * pitch + rowBytes));
  }
  return { ...reader, held: { source, from, step, rows: down, rowBytes, bytes, pitch } };
}

/** Rows read between two looks at whether the work is still wanted. */
const ROWS = 256;

/**
 * Of `rows` rows of `rowBytes` bytes, `step` bytes from one to the next and the first at `from` in a
 * source: the bytes in memory from there on, at the pitch of what is held. Null where they are not.
 */
export function heldRows(
  { source, held }: Pick<CellReader, "source" | "held">,
  from: number,
  step: number,
  rowBytes: number,
  rows: number,
): { readonly bytes: Uint8Array; readonly pitch: number } | null {
  if (!held || held.source !== source || (rows > 1 && step !== held.step)) return null;
  const row = Math.floor((from - held.from) / held.step);
  const column = from - held.from - row * held.step;
  const isHeld = row >= 0 && row + rows <= held.rows && column + rowBytes <= held.rowBytes;
  if (!isHeld) return null;
  return { bytes: held.bytes.subarray(row * held.pitch + column), pitch: held.pitch };
}
