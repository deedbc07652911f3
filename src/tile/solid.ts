import { RAMP } from "../compute/ops.ts";
import type { RayImage, RayScene } from "../compute/ray/ops.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { rayScene } from "../compute/wasm/raymarch.ts";
import { Unreadable } from "../errors.ts";
import type { CellReader } from "../field/cells.ts";
import { mergeBricks } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import { readBrick } from "../field/volume/bricks.ts";
import { coarseSides, coarseSlice } from "../field/volume/coarse.ts";
import { DIRECTED, directed } from "../field/volume/directions.ts";
import { foldVolume } from "../field/volume.ts";
import { parseOptions } from "../modes/options.ts";
import { volumeModes } from "../modes/table.ts";
import type { Job, LayerContext } from "./job.ts";
import { type Drawn, paint } from "./render.ts";

/** Merges some bricks of a layer's volume. */
export function mergePart(
  reader: CellReader,
  { axes, rule, from, to }: Job & { readonly kind: "merge" },
): BrickLists {
  const { plane, source, cancelled } = reader;
  const volume = foldVolume(plane.tensor, axes);
  const grid = gridOf(volume.width, volume.height, volume.depth);
  const read = { ...reader, volume, sources: [source] };
  return mergeBricks(ops, (box) => readBrick(read, box), grid, rule, from, to, { cancelled });
}

/** Fills slices of a volume of bytes; what is not finite has the place of zero. */
export function fillVoxels(
  reader: CellReader,
  { axes, log2, tint: { shade, clamp }, weights, from, to, bytes }: Job & {
    readonly kind: "fill";
  },
): void {
  const { plane, source } = reader;
  const read = { ...reader, volume: foldVolume(plane.tensor, axes), sources: [source] };
  const [low, high] = clamp ?? [-Infinity, Infinity];
  const [across] = coarseSides(read.volume, log2);
  for (let z = from; z < to; z++) {
    const means = coarseSlice(read, log2, z);
    const values = means.map((mean) =>
      Number.isNaN(mean) ? 0 : Math.min(high, Math.max(low, mean))
    );
    const size = means.length * (weights ? DIRECTED : 1);
    const slice = new Uint8Array(bytes, z * size, size);
    ops.frame(() => {
      const entries = ops.shade(values, shade);
      const place = (entry: number) => Math.min(1, entry / (RAMP - 1));
      if (!weights) slice.set(entries.map((entry) => Math.round(255 * place(entry))));
      else {
        const magnitudes = entries.map((entry) => Math.round(255 * Math.abs(2 * place(entry) - 1)));
        directed(means, magnitudes, across, weights[z]!, slice);
      }
    });
  }
}

/** The volume that rays marched through last, in this thread. */
let latest: { readonly key: string; readonly scene: RayScene } | null = null;

/** Draws a part of an image of a volume. */
export function march(
  { key, volume, view, columns, rows }: Job & { readonly kind: "march" },
): Drawn {
  if (latest?.key !== key) {
    latest?.scene.free();
    latest = null;
    latest = { key, scene: rayScene(volume) };
  }
  return drawnOf(latest.scene.render(view), columns, rows);
}

/** An image as what is encoded. Throws `RangeError` where it has another size than was asked for. */
export function drawnOf(
  { rgba, values, width, height }: RayImage,
  columns: number,
  rows: number,
): Drawn {
  if (width === columns && height === rows) {
    return { pixels: { kind: "rgba", pixels: rgba, width, height }, values };
  }
  throw new RangeError(`an image of ${width} × ${height} pixels for one of ${columns} × ${rows}`);
}

/** Draws a tile of an octree. */
export function drawOctree(
  { plane, facts }: LayerContext,
  { mode: name, query, axes, octree, window }: Job & { readonly kind: "slice" },
): Drawn {
  const mode = volumeModes.find((mode) => mode.name === name);
  if (mode?.solid !== "octree" || !facts) {
    throw new Unreadable(`mode ${name} has nothing to draw from`);
  }
  const options = parseOptions(mode, new URLSearchParams(query));
  const draw = mode.prepare(options, facts, foldVolume(plane.tensor, axes));
  const { columns, rows, width, height } = window;
  const picture = draw(octree, window, ops);
  const forEachGap = (visit: (from: number, to: number) => void) => {
    for (let row = 0; row < rows; row++) {
      const from = row < height ? width : 0;
      if (from < columns) visit(row * columns + from, (row + 1) * columns);
    }
  };
  return { pixels: paint({ ops, columns, rows, forEachGap }, picture), values: picture.values };
}
