import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { npyFile, npyHeader, safetensorsFile } from "../formats/build.ts";

/** An engine on a sparse file of one U8 tensor, all zeros but for ones in its first 4096 elements. */
async function onSparse(shape: number[], test: (engine: Engine) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const bytes = shape.reduce((product, side) => product * side, 1);
  const header = { w: { dtype: "U8", shape, data_offsets: [0, bytes] } };
  const head = safetensorsFile(header, new Uint8Array(4096).fill(1));
  await Deno.writeFile(`${folder}/m.safetensors`, head);
  await Deno.truncate(`${folder}/m.safetensors`, head.length - 4096 + bytes);
  await withEngine(folder, test);
}

async function withEngine(folder: string, test: (engine: Engine) => Promise<void>) {
  const engine = await createEngine([folder], { workers: 2 });
  try {
    await test(engine);
  } finally {
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  }
}

for (const shape of [[1, 90_000_000], [90_000_000, 1], [40_000, 40_000]]) {
  Deno.test(`a tensor of [${shape}] is summed up in bounded memory and shown at every zoom`, () =>
    onSparse(shape, async (engine) => {
      const view = engine.view("m", "w", "weights", new URLSearchParams());
      for (const z of [0, view.plane.nativeZoom >> 1, view.plane.nativeZoom]) {
        const address = {
          model: "m",
          layer: "w",
          mode: "weights",
          x: 0,
          y: 0,
          density: 1,
        } as const;
        const query = new URLSearchParams();
        const { bytes } = await engine.ticket({ ...address, z, format: "npy", query }).tile();
        const block = 2 ** (view.plane.nativeZoom - z);
        const cells = Math.min(block, shape[0]!) * Math.min(block, shape[1]!);
        const [first] = new Float32Array(bytes.slice(128, 132).buffer);
        const ones = shape[0]! === 1 || shape[1] === 1 || block >= 4096
          ? Math.min(4096, cells)
          : block;
        assertAlmostEquals(first!, ones / cells, 1e-6 * ones / cells);
      }
    }));
}

Deno.test("a matrix stored column by column is summarised as quickly as one stored row by row", async () => {
  const side = 600;
  const values = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i * i));
  const folder = await Deno.makeTempDir();
  for (const fortran of [false, true]) {
    const header = npyHeader("<f4", [side, side], fortran);
    const file = npyFile(header, new Uint8Array(values.buffer));
    await Deno.writeFile(`${folder}/${fortran ? "columns" : "rows"}.npy`, file);
  }
  await withEngine(folder, async (engine) => {
    const time = async (model: string) => {
      const began = performance.now();
      return {
        summary: await engine.summary(engine.model(model), model),
        ms: performance.now() - began,
      };
    };
    const rows = await time("rows"), columns = await time("columns");
    // The same bytes read the other way are the transpose: equal in all but the channels.
    assertEquals(columns.summary.histogram, rows.summary.histogram);
    for (const [i, sigma] of rows.summary.singular_values!.entries()) {
      assertAlmostEquals(columns.summary.singular_values![i]!, sigma, 1e-6 * sigma);
    }
    const norm = (channel: number) =>
      Math.hypot(...Array.from({ length: side }, (_, j) => values[j * side + channel]!));
    for (const channel of [0, 1, 599]) {
      assertAlmostEquals(columns.summary.channel_norms![channel]!, norm(channel), 1e-4);
    }
    assert(columns.ms < 5 * rows.ms + 500, `${columns.ms} ms against ${rows.ms} ms`);
  });
});

Deno.test("a matrix whose mean dwarfs its spread has a summary", async () => {
  const side = 300;
  const values = Float32Array.from(
    { length: side * side },
    (_, i) => 1000 + 1e-3 * Math.sin(i * i),
  );
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(
    `${folder}/m.npy`,
    npyFile(npyHeader("<f4", [side, side]), new Uint8Array(values.buffer)),
  );
  await withEngine(folder, async (engine) => {
    const { spectral_norm } = await engine.summary(engine.model("m"), "m");
    assertAlmostEquals(spectral_norm!, 1000 * side, 1);
  });
});

Deno.test("integers beyond float32 are inspected as they are", async () => {
  const folder = await Deno.makeTempDir();
  const data = new Uint8Array(Int32Array.of(16777217, -2147483647, 5, 0).buffer);
  const header = { w: { dtype: "I32", shape: [2, 2], data_offsets: [0, 16] } };
  await Deno.writeFile(`${folder}/m.safetensors`, safetensorsFile(header, data));
  await withEngine(folder, async (engine) => {
    const view = engine.view("m", "w", "weights", new URLSearchParams());
    assertEquals((await engine.inspect(view, 0, 0, undefined)).value, 16777217);
    assertEquals((await engine.inspect(view, 1, 0, undefined)).value, -2147483647);
  });
});
