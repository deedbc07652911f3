import type { Done } from "../compute/jobs.ts";
import { RAMP, type Shade } from "../compute/ops.ts";
import type { RayImage, RayScene, RayVolume } from "../compute/ray/ops.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { rayScene } from "../compute/wasm/raymarch.ts";
import { Unreadable } from "../errors.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { CellReader, SyncSource } from "../field/cells.ts";
import { mergeBricks } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import { readBrick, type VolumeReader } from "../field/volume/bricks.ts";
import { coarseRows, coarseSides } from "../field/volume/coarse.ts";
import { DIRECTED, directed } from "../field/volume/directions.ts";
import { elementOf, placeOf, type VolumeAxes, volumeOf } from "../field/volume.ts";
import { parseOptions } from "../modes/options.ts";
import type { Tint } from "../modes/mode.ts";
import type { Cell } from "../modes/solid_mode.ts";
import { volumeModes } from "../modes/table.ts";
import { inspect } from "./inspect.ts";
import { type Drawn, paint, type Rendered, timed } from "./render.ts";
import type { Inspection, TileFormat } from "./tile.ts";
import type { VolumeJob } from "./volume_job.ts";

/** What a volume's cells are read by. */
export interface VolumeCells extends Pick<CellReader, "clock" | "cancelled"> {
  /** The tensors, one behind the other. */
  readonly tensors: readonly TensorInfo[];
  /** Where one of them lies. */
  readonly source: (tensor: number) => SyncSource;
}

/** Does a job on a volume. */
export async function workOnVolume(cells: VolumeCells, job: VolumeJob): Promise<Done> {
  const drawn = async (format: TileFormat, draw: () => Drawn) =>
    handedOver(await timed(ops, cells.clock, format, draw));
  switch (job.kind) {
    case "merge":
      return { value: mergePart(readerOf(cells, job.axes), job) };
    case "slice":
      return await drawn(job.format, () => drawOctree(job));
    case "fill":
      fillVoxels(readerOf(cells, job.axes), job);
      return { value: null };
    case "march":
      return await drawn(job.format, () => drawnOf(sceneOf(job).render(job.view), job));
    case "rays":
      drawRays(job);
      return { value: null };
    case "encode": {
      // A copy: the image may lie in shared memory, which not every encoder takes.
      const { rgba, values, ...size } = job.image;
      const own = { ...size, rgba: rgba.slice(), values: values.slice() };
      return await drawn(job.format, () => drawnOf(own, job));
    }
    case "voxel":
      return { value: inspectVoxel(readerOf(cells, job.axes), job.cell) };
  }
}

const handedOver = (value: Rendered): Done => ({ value, transfer: [value.bytes.buffer] });

const readerOf = (
  { tensors, ...cells }: VolumeCells,
  axes: VolumeAxes | undefined,
): VolumeReader => ({
  ...{ ...cells, ops, volume: volumeOf(tensors, axes) },
});

/** Merges some bricks of a volume. */
function mergePart(read: VolumeReader, { rule, from, to }: VolumeJob<"merge">): BrickLists {
  const { volume: { width, height, depth }, cancelled } = read;
  const grid = gridOf(width, height, depth);
  return mergeBricks(ops, (box) => readBrick(read, box), grid, rule, from, to, { cancelled });
}

/** Fills slices of a volume of bytes; what is not finite has the place of zero. */
export function fillVoxels(
  read: VolumeReader,
  { log2, tint: { shade, clamp }, weights, from, to, bytes }: VolumeJob<"fill">,
): void {
  const [across, down] = coarseSides(read.volume, log2);
  const at = boundsOf(shade, clamp), size = across * down;
  for (let z = from; z < to; z++) {
    if (weights) {
      // Neighbours of a row may be read later: all of a slice at once.
      const means = new Float32Array(size);
      coarseRows(read, log2, z, (part, first) => means.set(part, first));
      const out = new Uint8Array(bytes, z * size * DIRECTED, size * DIRECTED);
      ops.frame(() => {
        const magnitudes = ops.places(ops.shade(means, shade), ...at);
        for (let i = 0; i < size; i++) magnitudes[i] = Math.abs(2 * magnitudes[i]! - 255);
        directed(means, magnitudes, across, weights[z]!, out);
      });
      continue;
    }
    coarseRows(read, log2, z, (means, first) => {
      const out = new Uint8Array(bytes, z * size + first, means.length);
      out.set(ops.places(ops.shade(means, shade), ...at));
    });
  }
}

/** Bounds of palette entries, and that of 0. Clamping values is clamping entries, since shades are monotonic. */
function boundsOf(
  shade: Shade,
  clamp: Tint["clamp"],
): [least: number, most: number, zero: number] {
  const bounds = Float32Array.from(clamp ?? [-Infinity, Infinity]);
  const [zero, low, high] = ops.frame(() => [...ops.shade(Float32Array.of(0, ...bounds), shade)]);
  return [low! < RAMP ? low! : 0, high! < RAMP ? high! : RAMP - 1, zero!];
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

/** Draws a part of one that several workers draw. */
function drawRays(job: VolumeJob<"rays">): void {
  const { rgba, values } = sceneOf(job).render(job.view);
  job.rgba.set(rgba);
  job.values.set(values);
}

/** An image as what is encoded. Throws `RangeError` where it has another size than was asked for. */
function drawnOf(
  { rgba, values, width, height }: RayImage,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Drawn {
  if (width === columns && height === rows) {
    return { pixels: { kind: "rgba", pixels: rgba, width, height }, values };
  }
  throw new RangeError(`an image of ${width} × ${height} pixels for one of ${columns} × ${rows}`);
}

/** Draws a tile of an octree. */
function drawOctree({ mode: name, query, scale, octree, window }: VolumeJob<"slice">): Drawn {
  const mode = volumeModes.find((mode) => mode.name === name);
  if (mode?.solid !== "octree") throw new Unreadable(`mode ${name} draws no octree`);
  const options = parseOptions(mode, new URLSearchParams(query));
  const draw = mode.prepare(options, scale, octree.grid.sides);
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

/** A cell of a volume in numbers. Null where it has no element. */
function inspectVoxel(
  { volume, source, ...reader }: VolumeReader,
  [x, y, z]: Cell,
): Inspection | null {
  const element = elementOf(volume, x, y, z);
  if (!element) return null;
  const { tensor, slice } = placeOf(volume, z);
  const cells: CellReader = { ...reader, plane: volume.planes[tensor]!, source: source(tensor) };
  const found = inspect(cells, null, { log2: 0, x, y: slice * volume.height + y });
  return found && { ...found, index: element.index };
}
