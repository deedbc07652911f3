import type { BlockStats } from "../compute/ops.ts";
import type { Canvas } from "../field/canvas.ts";
import { type CellState, FIELDS, initial } from "../field/automaton/state.ts";
import { cellsOf, modulo, type Region, type Span } from "../field/automaton/region.ts";
import { channelFactor, spectralWeight } from "./channel_factor.ts";
import type { Facts } from "./mode.ts";

/** What is known of a canvas's cell, and its place on the plane. */
type Measure = (stats: BlockStats, i: number, x: number, y: number) => number;

/** Cells that are looked at together. */
const BAND = 1 << 16;

/**
 * Cells of a canvas's level as an automaton knows them before its first step: some of `FIELDS`, with
 * the weights and gradients that stay imprinted. Means, standard deviations and mean gradients are in units
 * of the layer's scale, a weight scale is the channel's norm by the largest. What is not finite, or not
 * there, is 0. The region may reach around the plane's edges.
 */
export function imprintFields(
  canvas: Canvas,
  region: Region,
  fields: readonly number[],
  facts: Facts,
): CellState {
  const { extent: { width, height } } = canvas;
  const measures = measuresOf(canvas, facts);
  const weight = FIELDS.indexOf("weight scale"), gradient = FIELDS.indexOf("gradient mean");
  const wanted = [...new Set([...fields, weight, gradient])];
  const arrays = wanted.map(() => new Float32Array(cellsOf(region)));
  const [across, down] = region as [Span, Span];
  for (const column of piecesOf(across, width)) {
    const rows = Math.max(1, Math.floor(BAND / column.count));
    for (const row of piecesOf(down, height)) {
      for (let y = 0; y < row.count; y += rows) {
        canvas.reader.cancelled();
        const rect = {
          x: column.from,
          y: row.from + y,
          width: column.count,
          height: Math.min(rows, row.count - y),
        };
        const start = (row.at + y) * across.count + column.at;
        canvas.ops.frame(() => {
          const stats = canvas.part(rect).stats();
          for (const [n, array] of arrays.entries()) {
            const measure = measures[wanted[n]!]!;
            for (let i = 0; i < stats.count.length; i++) {
              const x = i % rect.width, down = Math.floor(i / rect.width);
              const value = measure(stats, i, rect.x + x, rect.y + down);
              array[start + down * across.count + x] = Number.isFinite(value) ? value : 0;
            }
          }
        });
      }
    }
  }
  const numbers = (field: number) => ({ region, values: arrays[wanted.indexOf(field)]! });
  const own = fields.map((field) => numbers(field).values);
  return initial([width, height], region, own, numbers(weight), numbers(gradient));
}

/** How each of `FIELDS` is measured. */
function measuresOf({ log2, reader: { plane } }: Canvas, facts: Facts): readonly Measure[] {
  const s = facts.scale.robust || 1, side = 2 ** log2;
  const factor = channelFactor(facts, plane), spectral = spectralWeight(facts, plane);
  // What is known of cells alone is that of the one in the middle of a block.
  const middle = (at: number, cells: number) => Math.min(cells - 1, Math.floor((at + 0.5) * side));
  return [
    (stats, i) => stats.mean[i]! / s,
    (stats, i) => Math.sqrt(stats.m2[i]! / stats.count[i]!) / s,
    (stats, i) => stats.gradient[i]! / stats.count[i]! / s,
    (_, __, ___, y) => factor(middle(y, plane.height)),
    (_, __, x, y) => spectral(middle(x, plane.width), middle(y, plane.height)) / s,
  ];
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
