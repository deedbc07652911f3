import { wasm as ops } from "../compute/wasm.ts";
import { Unreadable } from "../errors.ts";
import type { CellReader } from "../field/cells.ts";
import { mergeBricks } from "../field/octree.ts";
import { gridOf } from "../field/octree/grid.ts";
import type { BrickLists } from "../field/octree/lists.ts";
import { readBrick } from "../field/volume/bricks.ts";
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

/** Draws a tile of an octree. */
export function drawOctree(
  { plane, facts }: LayerContext,
  { mode: name, query, axes, octree, window }: Job & { readonly kind: "slice" },
): Drawn {
  const mode = volumeModes.find((mode) => mode.name === name);
  if (!mode || !facts) throw new Unreadable(`mode ${name} has nothing to draw from`);
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
