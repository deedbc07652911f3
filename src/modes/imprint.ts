import type { BlockStats, Target } from "../compute/ops.ts";
import type { Canvas } from "../field/canvas.ts";
import type { Rect } from "../field/cells.ts";
import { type CellState, FIELDS, initial } from "../field/automaton/state.ts";
import { cellsOf, modulo, type Region, type Span } from "../field/automaton/region.ts";
import { channelFactor, spectralWeight } from "./channel_factor.ts";
import type { Facts } from "./mode.ts";

/** Some of a canvas's cells, and what is known of them once it is asked for. */
interface Cells {
  readonly rect: Rect;
  means(): Float32Array;
  stats(): BlockStats;
}

/** Puts a number of each of some cells into rows. */
type Measure = (cells: Cells, to: Target) => void;

/** Cells that are looked at together. */
const BAND = 1 << 16;

/**
 * Cells of a canvas's level as an automaton knows them before its first step: some of `FIELDS`, with
 * the weights that stay imprinted and, if it is `driven` by them, the gradients. Means, standard deviations
 * and mean gradients are in units of the layer's scale, a weight scale is the channel's norm by the
 * largest. What is not finite, or not there, is 0. The region may reach around the plane's edges.
 */
export function imprintFields(
  canvas: Canvas,
  region: Region,
  fields: readonly number[],
  driven: boolean,
  facts: Facts,
): CellState {
  const { extent: { width, height } } = canvas, measures = measuresOf(canvas, facts);
  const weight = FIELDS.indexOf("weight scale"), gradient = FIELDS.indexOf("gradient mean");
  const wanted = [...new Set([...fields, weight, ...(driven ? [gradient] : [])])];
  const arrays = new Map(wanted.map((field) => [field, new Float32Array(cellsOf(region))]));
  const pitch = region[0]!.count;
  for (const { rect, start } of bandsOf(region, width, height)) {
    canvas.reader.cancelled();
    canvas.ops.frame(() => {
      const cells = cellsIn(canvas, rect);
      for (const [field, values] of arrays) measures[field]!(cells, { values, start, pitch });
    });
  }
  const numbers = (field: number) => ({ region, values: arrays.get(field)! });
  const own = fields.map((field) => arrays.get(field)!);
  const pushed = driven ? numbers(gradient) : numbers(weight);
  return initial([width, height], region, own, numbers(weight), pushed);
}

function cellsIn(canvas: Canvas, rect: Rect): Cells {
  const part = canvas.part(rect);
  let stats: BlockStats | undefined;
  return {
    rect,
    means: () => part.log2 === 0 ? part.cells() : part.means(),
    stats: () => stats ??= part.stats(),
  };
}

/** How each of `FIELDS` is measured. */
function measuresOf({ log2, reader: { plane } }: Canvas, facts: Facts): readonly Measure[] {
  const s = facts.scale.robust || 1, side = 2 ** log2;
  const factor = channelFactor(facts, plane), spectral = spectralWeight(facts, plane);
  // What is known of cells alone is that of the one in the middle of a block.
  const middle = (at: number, cells: number) => Math.min(cells - 1, Math.floor((at + 0.5) * side));
  return [
    (cells, to) => {
      const means = cells.means();
      put(cells, to, (i) => means[i]! / s);
    },
    (cells, to) => {
      const { m2, count } = cells.stats();
      put(cells, to, (i) => Math.sqrt(m2[i]! / count[i]!) / s);
    },
    (cells, to) => {
      const { gradient, count } = cells.stats();
      put(cells, to, (i) => gradient[i]! / count[i]! / s);
    },
    ({ rect: { y, width, height } }, { values, start, pitch }) => {
      for (let row = 0; row < height; row++) {
        const weight = factor(middle(y + row, plane.height)), from = start + row * pitch;
        values.fill(finite(weight), from, from + width);
      }
    },
    (cells, to) => {
      put(cells, to, (_, x, y) => spectral(middle(x, plane.width), middle(y, plane.height)) / s);
    },
  ];
}

function put(
  { rect: { x, y, width, height } }: Cells,
  { values, start, pitch }: Target,
  valueOf: (i: number, x: number, y: number) => number,
): void {
  for (let row = 0, i = 0; row < height; row++) {
    const from = start + row * pitch;
    for (let column = 0; column < width; column++, i++) {
      values[from + column] = finite(valueOf(i, x + column, y + row));
    }
  }
}

const finite = (value: number): number => Number.isFinite(value) ? value : 0;

/** Cuts a region of a plane into rectangles of it, each with the place of its first cell in the region. */
function* bandsOf([across, down]: Region, width: number, height: number) {
  for (const column of piecesOf(across!, width)) {
    const rows = Math.max(1, Math.floor(BAND / column.count));
    for (const row of piecesOf(down!, height)) {
      for (let y = 0; y < row.count; y += rows) {
        const high = Math.min(rows, row.count - y);
        const rect = { x: column.from, y: row.from + y, width: column.count, height: high };
        yield { rect, start: (row.at + y) * across!.count + column.at };
      }
    }
  }
}

/** The parts of a span that lie on an axis of so many cells, each with its place in the span. */
function* piecesOf({ first, count }: Span, length: number) {
  for (let at = 0; at < count;) {
    const from = modulo(first + at, length);
    const run = Math.min(count - at, length - from);
    yield { from, count: run, at };
    at += run;
  }
}
