import type { VoxelTarget } from "../../compute/ops.ts";
import { copyVoxels } from "../../compute/voxels.ts";
import {
  before,
  type Edges,
  indexIn,
  modulo,
  type Region,
  type Size,
  type Span,
} from "./region.ts";
import type { Numbers } from "./state.ts";

/** How a region and a border around it lie in an array. */
export interface Frame {
  readonly region: Region;
  /** Cells of the border at either end, by axis. */
  readonly margins: readonly number[];
  /** Cells along each axis, the border's too. */
  readonly counts: readonly number[];
  /** Which of them come from a state, the others from beyond the plane: by axis, from and to. */
  readonly known: readonly { readonly from: number; readonly to: number }[];
}

/** Lays a region out, on a plane of `size`; if `closed`, without a border at the ends of whole rows. */
export function frameOf(
  region: Region,
  size: Size,
  edges: Edges,
  reach: number,
  closed: boolean,
): Frame {
  const state = before(region, size, edges, reach);
  const margins = region.map(({ count }, axis) =>
    closed && axis === 0 && count >= size[0]! ? 0 : reach
  );
  return {
    region,
    margins,
    counts: region.map(({ count }, axis) => count + 2 * margins[axis]!),
    known: region.map(({ first, count }, axis) => {
      const span = state[axis]!, start = first - margins[axis]!;
      const to = Math.min(span.first + span.count - start, count + 2 * margins[axis]!);
      return { from: Math.max(0, span.first - start), to };
    }),
  };
}

/** The target for what a frame knows. */
export function targetIn(values: Float32Array, { counts, known }: Frame): VoxelTarget {
  const [pitch, rows] = counts as [number, number];
  const layer = pitch * rows, [x, y, z] = known;
  return { values, start: (z?.from ?? 0) * layer + y!.from * pitch + x!.from, pitch, layer };
}

/** Copies cells of a region to a target. */
export function copyRegion(
  { region: kept, values }: Numbers,
  region: Region,
  size: Size,
  edges: Edges,
  target: VoxelTarget,
): void {
  const [x, y, z] = region.map((span, axis) => runsOf(kept[axis]!, span, size[axis]!, edges));
  const pitch = kept[0]!.count, layer = pitch * kept[1]!.count;
  for (const back of z ?? [{ from: 0, to: 0, count: 1 }]) {
    for (const down of y!) {
      for (const across of x!) {
        const start = back.from * layer + down.from * pitch + across.from;
        const to = target.start + back.to * target.layer + down.to * target.pitch + across.to;
        const source = { values, start, pitch, layer };
        const { count: width } = across, { count: height } = down, { count: depth } = back;
        copyVoxels(source, { ...target, start: to }, width, height, depth);
      }
    }
  }
}

/** Where the cells of a span are kept, in one run or, of an axis that wraps, in two. */
function runsOf(kept: Span, { first, count }: Span, length: number, edges: Edges) {
  const from = indexIn(kept, first, length, edges), before = Math.min(count, kept.count - from);
  const run = { from, to: 0, count: before };
  return before === count ? [run] : [run, { from: 0, to: before, count: count - before }];
}

/** Where in memory, counted in cells, the first of a region's cells lies. */
export function placeOf(
  { region: kept, values }: Numbers,
  region: Region,
  size: Size,
  edges: Edges,
): number {
  let place = values.byteOffset / values.BYTES_PER_ELEMENT, step = 1;
  for (const [axis, span] of kept.entries()) {
    place += indexIn(span, region[axis]!.first, size[axis]!, edges) * step;
    step *= span.count;
  }
  return place;
}

/** Fills what a frame does not know, from what it does. */
export function fillBorder(
  values: Float32Array,
  { region, margins, counts, known }: Frame,
  size: Size,
  edges: Edges,
): void {
  const [pitch, rows] = counts as [number, number];
  const steps = [1, pitch, pitch * rows];
  for (const [axis, { from, to }] of known.entries()) {
    const { first } = region[axis]!, length = size[axis]!, start = first - margins[axis]!;
    for (let i = 0; i < counts[axis]!; i++) {
      if (i === from) i = to;
      if (i >= counts[axis]!) break;
      // Across the axes that are filled already their borders too, across the others what is known.
      const source = edges === "wrap"
        ? from + modulo(i - from, length)
        : Math.min(length - 1, Math.max(0, start + i)) - start;
      each(axis, (at, count) => {
        const to = at + i * steps[axis]!;
        if (edges === "zero") values.fill(0, to, to + count);
        else if (count === 1) values[to] = values[at + source * steps[axis]!]!;
        else values.copyWithin(to, at + source * steps[axis]!, at + source * steps[axis]! + count);
      });
    }
  }

  /** Runs of the cells that have the place 0 along an axis. */
  function each(axis: number, visit: (at: number, count: number) => void): void {
    const [, y, z = { from: 0, to: 1 }] = known;
    if (axis === 2) return visit(0, pitch * rows);
    for (let k = z.from; k < z.to; k++) {
      const layer = k * pitch * rows;
      if (axis === 1) visit(layer, pitch);
      else for (let j = y!.from; j < y!.to; j++) visit(layer + j * pitch, 1);
    }
  }
}
