import { RAMP, type Shade } from "../compute/ops.ts";
import type { RayImage, RayScene, RayVolume } from "../compute/ray/ops.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { rayScene } from "../compute/wasm/raymarch.ts";
import { Unreadable } from "../errors.ts";
import type { CellReader } from "../field/cells.ts";
import { mergeBricks } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import { readBrick } from "../field/volume/bricks.ts";
import { coarseRows, coarseSides } from "../field/volume/coarse.ts";
import { DIRECTED, directed } from "../field/volume/directions.ts";
import { foldVolume } from "../field/volume.ts";
import { parseOptions } from "../modes/options.ts";
import type { Tint } from "../modes/mode.ts";
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
  const [across, down] = coarseSides(read.volume, log2);
  const places = placesOf(shade, clamp), size = across * down;
  for (let z = from; z < to; z++) {
    if (weights) {
      // Neighbours of a row may be read later: all of a slice at once.
      const means = new Float32Array(size);
      coarseRows(read, log2, z, (part, first) => means.set(part, first));
      const out = new Uint8Array(bytes, z * size * DIRECTED, size * DIRECTED);
      ops.frame(() => {
        const magnitudes = ops.shade(means, shade);
        for (let i = 0; i < size; i++) {
          magnitudes[i] = Math.abs(2 * places[magnitudes[i]!]! - 255);
        }
        directed(means, magnitudes, across, weights[z]!, out);
      });
      continue;
    }
    coarseRows(read, log2, z, (means, first) => {
      const entries = ops.shade(means, shade);
      const out = new Uint8Array(bytes, z * size + first, means.length);
      for (let i = 0; i < out.length; i++) out[i] = places[entries[i]!]!;
    });
  }
}

/** Bytes of palette entries. Clamping values is clamping entries, since shades are monotonic. */
function placesOf(shade: Shade, clamp: Tint["clamp"]): Uint8Array {
  const bounds = Float32Array.from(clamp ?? [-Infinity, Infinity]);
  const [zero, low, high] = ops.frame(() => [...ops.shade(Float32Array.of(0, ...bounds), shade)]);
  const least = low! < RAMP ? low! : 0, most = high! < RAMP ? high! : RAMP - 1;
  return Uint8Array.from({ length: 256 }, (_, entry) => {
    const place = entry < RAMP ? Math.min(most, Math.max(least, entry)) : zero!;
    return Math.round(place * 255 / (RAMP - 1));
  });
}

/** The volume that rays marched through last, in this thread. */
let latest: { readonly key: string; readonly scene: RayScene } | null = null;

function sceneOf({ key, volume }: { readonly key: string; readonly volume: RayVolume }): RayScene {
  if (latest?.key !== key) {
    latest?.scene.free();
    latest = null;
    latest = { key, scene: rayScene(volume) };
  }
  return latest.scene;
}

/** Draws a part of an image of a volume. */
export const march = (job: Job & { readonly kind: "march" }): Drawn =>
  drawnOf(sceneOf(job).render(job.view), job.columns, job.rows);

/** Draws a part of one that several workers draw. */
export function drawRays(job: Job & { readonly kind: "rays" }): void {
  const { rgba, values } = sceneOf(job).render(job.view);
  job.rgba.set(rgba);
  job.values.set(values);
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
