import type { BlockStats, Bordered, Ops } from "../compute/ops.ts";
import { paste, STATS_BYTES, statsOf } from "./block_arrays.ts";
import { type CellReader, readBordered, readCells, type Rect } from "./cells.ts";
import { forEachGapBetween } from "./islands.ts";
import type { Levels } from "./levels.ts";
import { readSlopes } from "./slopes.ts";
import { type Plane, TILE } from "./plane.ts";
import { eachPiece, meansFrom, measure } from "./pyramid.ts";

/** A tile's place on a plane. */
export interface Place {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  /** Pixels a cell doubles at 2: the same area at twice the resolution. */
  readonly density: 1 | 2;
  /** Cut to the plane instead of padded to the full tile. */
  readonly crop: boolean;
}

/** A rectangle of a plane, at some zoom, and the picture that it is drawn into. */
export interface Window {
  /** log2 of the cells a pixel covers along one side; negative where a cell covers many pixels. */
  readonly log2: number;
  /** First block (first cell at native zoom and nearer). */
  readonly x: number;
  readonly y: number;
  /** Pixels that lie on the plane, from the picture's top left corner. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture. */
  readonly columns: number;
  readonly rows: number;
}

/** What a tile shows of a plane. */
export function windowOf(
  plane: Pick<Plane, "width" | "height" | "nativeZoom">,
  place: Place,
): Window {
  const size = TILE * place.density;
  const log2 = plane.nativeZoom - place.z - (place.density - 1);
  const scale = 2 ** -log2;
  const left = place.x * size, top = place.y * size;
  const width = Math.min(size, Math.ceil(plane.width * scale) - left);
  const height = Math.min(size, Math.ceil(plane.height * scale) - top);
  const first = (pixel: number) => log2 >= 0 ? pixel : Math.floor(pixel / scale);
  const [columns, rows] = place.crop ? [width, height] : [size, size];
  return { log2, x: first(left), y: first(top), width, height, columns, rows };
}

/** The smallest rectangle of cells with all that windows show in it. */
export function cellsUnder(
  plane: Pick<Plane, "width" | "height">,
  windows: readonly Window[],
): Rect {
  let left = plane.width, top = plane.height, right = 0, bottom = 0;
  for (const { log2, x, y, width, height } of windows) {
    const perPixel = 2 ** log2, perUnit = Math.max(1, perPixel);
    left = Math.min(left, x * perUnit);
    top = Math.min(top, y * perUnit);
    right = Math.max(right, Math.min(plane.width, x * perUnit + Math.ceil(width * perPixel)));
    bottom = Math.max(bottom, Math.min(plane.height, y * perUnit + Math.ceil(height * perPixel)));
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * What a mode draws on: the cells of a window, read and aggregated when asked for. Pixels beyond the
 * plane exist only in pictures that are larger than what they show of it.
 */
export class Canvas implements Window {
  readonly ops: Ops;
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  readonly log2: number;
  readonly x: number;
  readonly y: number;
  readonly reader: CellReader;
  readonly #levels: Levels | null;

  constructor(reader: CellReader, levels: Levels | null, window: Window) {
    this.ops = reader.ops;
    this.reader = reader;
    this.#levels = levels;
    this.log2 = window.log2;
    this.x = window.x;
    this.y = window.y;
    this.width = window.width;
    this.height = window.height;
    this.columns = window.columns;
    this.rows = window.rows;
  }

  /** Pixels a cell is wide; 1 at native zoom and further out. */
  get pixelsPerCell(): number {
    return this.log2 < 0 ? 2 ** -this.log2 : 1;
  }

  /** Pixels of the whole plane at this zoom. */
  get extent(): { readonly width: number; readonly height: number } {
    const { reader: { plane }, log2 } = this;
    return {
      width: Math.ceil(plane.width / 2 ** log2),
      height: Math.ceil(plane.height / 2 ** log2),
    };
  }

  /** Another rectangle of the plane, of blocks of 2^`log2` cells a side: cells at 0, not nearer. */
  part({ x, y, width, height }: Rect, log2 = this.log2): Canvas {
    const window = { log2, x, y, width, height, columns: width, rows: height };
    return new Canvas(this.reader, this.#levels, window);
  }

  /** The same with up to `margin` (even) pixels more on each side, from an even place on; not nearer than native. */
  around(margin: number): Canvas {
    const { extent } = this;
    const x = Math.max(0, this.x - (this.x % 2) - margin);
    const y = Math.max(0, this.y - (this.y % 2) - margin);
    const width = Math.min(extent.width, this.x + this.width + margin) - x;
    const height = Math.min(extent.height, this.y + this.height + margin) - y;
    return this.part({ x, y, width, height });
  }

  /** The cells that an over-zoomed tile shows, a pixel each. */
  closed(): Canvas {
    const { x, y, pixelsPerCell: p } = this;
    return this.part(
      { x, y, width: Math.ceil(this.width / p), height: Math.ceil(this.height / p) },
      0,
    );
  }

  /** float32 scratch for the whole picture, NaN beyond the plane. */
  blank(): Float32Array {
    const n = this.columns * this.rows;
    const { buffer, byteOffset } = this.ops.scratch(n * 4);
    const values = new Float32Array(buffer, byteOffset, n);
    if (this.columns > this.width || this.rows > this.height) values.fill(NaN);
    return values;
  }

  /** The cells themselves, at native zoom, in a picture of `columns` × `rows`. */
  cells(): Float32Array {
    const values = this.blank();
    const { x, y, width, height, columns } = this;
    readCells(this.reader, { x, y, width, height }, { values, start: 0, pitch: columns });
    return values;
  }

  /** The cells that an over-zoomed tile shows, with their neighbours. */
  bordered(): Bordered {
    return readBordered(this.reader, this.#opened());
  }

  /** Captured dL/dW of these cells, row by row; null where it was not captured. */
  slopes(): Float32Array | null {
    return readSlopes(this.reader, this.#opened());
  }

  #opened(): Rect {
    const width = Math.ceil(this.width / this.pixelsPerCell);
    const height = Math.ceil(this.height / this.pixelsPerCell);
    return { x: this.x, y: this.y, width, height };
  }

  /**
   * Statistics of the blocks that pixels stand for: `width` × `height` of them, fewer where cells
   * cover many pixels. From the pyramid where it reaches, else from the file.
   */
  stats(): BlockStats {
    const { ops, log2, x, y, pixelsPerCell } = this;
    const width = Math.ceil(this.width / pixelsPerCell);
    const height = Math.ceil(this.height / pixelsPerCell);
    const levels = this.#levels;
    if (levels && log2 >= levels.statsFrom) return levels.stats(ops, log2, { x, y, width, height });
    const { buffer, byteOffset } = ops.scratch(width * height * STATS_BYTES);
    const out = statsOf({ width, height, buffer, byteOffset });
    const paint = (stats: BlockStats, x: number, y: number) => paste(stats, out, x, y);
    measure(this.reader, Math.max(0, log2), { x, y, width, height }, paint);
    return out;
  }

  /**
   * Their means alone, in a picture of `columns` × `rows`: cheaper than `stats`, and what most
   * pictures show.
   */
  means(scaleRow?: (row: number) => number): Float32Array {
    const { ops, width, height, columns, log2, x, y, reader } = this;
    const out = this.blank();
    const levels = this.#levels;
    const aggregated = levels && log2 >= levels.meansFrom;
    // Rows that are scaled are so before they are aggregated, where that does not need a whole layer.
    if (aggregated && (!scaleRow || log2 >= meansFrom(reader.plane))) {
      levels.means(log2, { x, y, width, height }, { values: out, start: 0, pitch: columns });
      return out;
    }
    const block = 2 ** log2;
    eachPiece(reader.plane, log2, { x, y, width, height }, (rect, column, row) =>
      ops.frame(() => {
        const { buffer, byteOffset } = ops.scratch(rect.width * rect.height * 4);
        const values = new Float32Array(buffer, byteOffset, rect.width * rect.height);
        const cells = { values, start: 0, pitch: rect.width };
        readCells(reader, rect, cells);
        if (scaleRow) scaleRows(values, rect.width, rect.y, scaleRow);
        const means = ops.blockMeans(cells, rect.width, rect.height, block);
        const across = Math.ceil(rect.width / block);
        for (let from = 0; from < means.length; from += across, row++) {
          out.set(means.subarray(from, from + across), row * columns + column);
        }
      }));
    return out;
  }

  /**
   * Pixels with nothing behind them, as runs in the picture: right of and below the plane, in the
   * unfinished last row of a folded vector, and between islands.
   */
  forEachGap(visit: (from: number, to: number) => void): void {
    const { columns, rows, width, height, log2, reader: { plane } } = this;
    if (plane.islands) return forEachGapBetween(plane.islands, this, visit);
    const perPixel = 2 ** log2;
    const last = plane.height - 1;
    const end = plane.cells - last * plane.width;
    for (let row = 0; row < rows; row++) {
      const top = log2 < 0 ? this.y + Math.floor(row * perPixel) : (this.y + row) * perPixel;
      let from = row < height ? width : 0;
      if (plane.folded && row < height && top === last) {
        from = Math.min(
          width,
          Math.max(0, Math.ceil(end / perPixel) - Math.floor(this.x / Math.min(1, perPixel))),
        );
      }
      if (from < columns) visit(row * columns + from, (row + 1) * columns);
    }
  }
}

function scaleRows(
  values: Float32Array,
  pitch: number,
  top: number,
  scaleRow: (row: number) => number,
): void {
  for (let i = 0; i < values.length; i += pitch) {
    const factor = scaleRow(top + i / pitch);
    for (let j = i; j < i + pitch; j++) values[j]! *= factor;
  }
}
