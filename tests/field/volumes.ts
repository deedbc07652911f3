import type { Ops } from "../../src/compute/ops.ts";
import { wasm } from "../../src/compute/wasm.ts";
import type { SyncSource } from "../../src/field/cells.ts";
import type { Volume } from "../../src/field/volume.ts";
import { readBrick, type VolumeReader } from "../../src/field/volume/bricks.ts";
import type { Box } from "../../src/field/octree/grid.ts";

/** A reader of a volume, whose planes come from these sources. */
export const volumeReader = (
  volume: Volume,
  sources: readonly SyncSource[],
  ops: Ops = wasm,
): VolumeReader => ({
  ...{ volume, source: (plane) => sources[plane]!, ops, clock: { read: 0, decode: 0 } },
  cancelled: () => {},
});

/** The cells of a box, x fastest, then y, outliving their frame. */
export const cellsOf = (reader: VolumeReader, box: Box): Float32Array =>
  reader.ops.frame(() => readBrick(reader, box).values.slice());

export const wholeBox = ({ width, height, depth }: Volume): Box => ({
  ...{ x: 0, y: 0, z: 0, width, height, depth },
});
