// One uncached 256² `weights` tile of a 16384² bf16 tensor, page cache warm, the whole pipeline in
// process on one thread: read, decode, draw, encode; as it lies in the file, and transposed. Prints
// medians in milliseconds by zoom.
import { KEY_BINS } from "../src/analysis/measure.ts";
import { wasm as ops } from "../src/compute/wasm.ts";
import { Canvas, windowOf } from "../src/field/canvas.ts";
import type { CellReader, SyncSource } from "../src/field/cells.ts";
import { fold, type Plane } from "../src/field/plane.ts";
import { heldLevels } from "../src/field/levels/held.ts";
import { allocate } from "../src/field/pyramid.ts";
import { slabOf, stepsOf } from "../src/field/slab.ts";
import { openModel } from "../src/model/open.ts";
import type { Picture } from "../src/modes/mode.ts";
import { parseOptions } from "../src/modes/options.ts";
import { modes } from "../src/modes/table.ts";
import { openSource } from "../src/storage/open.ts";
import { render } from "../src/tile/render.ts";
import { settle, sweep } from "../src/tile/sweep.ts";
import { bf16Model, generator } from "./models.ts";

const model = await openModel(bf16Model(16384, 1));
const tensor = model.tensors[0]!;
const source = openSource(tensor.source) as SyncSource;
const random = generator(1);
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

for (const layout of [[0, 1], [1, 0]]) {
  console.log(`stored as [${layout[0] === 0 ? "output, input" : "input, output"}]`);
  await measure(fold({ ...tensor, layout }));
}

async function measure(plane: Plane): Promise<void> {
  const clock = { read: 0, decode: 0 };
  const reader: CellReader = { plane, source, ops, clock, cancelled: () => {} };
  const pyramid = allocate(plane);
  const began = performance.now();
  const slab = slabOf(pyramid);
  const bins = new Uint32Array(KEY_BINS);
  sweep(reader, slab, 0, stepsOf(plane, slab), bins);
  const swept = performance.now();
  const scale = settle(reader, pyramid.levels, bins);
  const settled = performance.now();
  const speed = tensor.bytes / 1e6 / (swept - began);
  console.log(
    `sweep of ${(tensor.bytes / 1e9).toFixed(2)} GB: ${(swept - began).toFixed(0)} ms, ` +
      `${speed.toFixed(2)} GB/s; settling ${(settled - swept).toFixed(0)} ms`,
  );
  console.log("mode     zoom      total    read  decode    draw  encode    bytes   (median ms)");
  for (const mode of modes) {
    const options = parseOptions(mode, new URLSearchParams());
    const draw: (canvas: Canvas) => Picture = mode.prepare(
      options,
      { scale, channels: null },
      plane,
    );
    for (let z = plane.nativeZoom; z >= 0; z--) {
      const rows: number[][] = [];
      for (let i = 0; i < (z > plane.nativeZoom - 4 ? 41 : 15); i++) {
        const [x, y] = [random(), random()].map((r) => Math.floor(r * 2 ** z)) as [number, number];
        const start = performance.now();
        const place = { z, x, y, density: 1, crop: false } as const;
        const { bytes, timings: t } = await render(
          new Canvas(reader, heldLevels(pyramid), windowOf(plane, place)),
          draw,
          "png",
        );
        rows.push([performance.now() - start, t.read, t.decode, t.draw, t.encode, bytes.length]);
      }
      const columns = [0, 1, 2, 3, 4, 5].map((i) => median(rows.map((row) => row[i]!)));
      const out = plane.nativeZoom - z;
      console.log(
        mode.name.padEnd(8),
        (out === 0 ? "native" : `native-${out}`).padEnd(9),
        ...columns.slice(0, 5).map((ms) => ms.toFixed(2).padStart(7)),
        String(columns[5]).padStart(8),
      );
    }
  }
}
