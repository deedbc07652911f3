import { createEngine, type EngineOptions } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { concat, safetensorsFile } from "../formats/build.ts";
import { ggufFile } from "../formats/gguf_build.ts";
import { type Content, modelFile, numbers, tileAt } from "./models.ts";

/** An engine on "base" and "tuned", files of these bytes with these extensions. */
export async function withPair(
  base: Uint8Array,
  tuned: Uint8Array,
  test: (engine: Engine, paths: { readonly base: string; readonly tuned: string }) => Promise<void>,
  { extension = "safetensors", ...options }: EngineOptions & { readonly extension?: string } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const paths = { base: `${folder}/base.${extension}`, tuned: `${folder}/tuned.safetensors` };
  try {
    await Deno.writeFile(paths.base, base);
    await Deno.writeFile(paths.tuned, tuned);
    const engine = await createEngine([paths.base, paths.tuned], { workers: 2, ...options });
    try {
      await test(engine, paths);
    } finally {
      await engine.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same with float32 tensors. */
export const withTuned = (
  base: Readonly<Record<string, Content>>,
  tuned: Readonly<Record<string, Content>>,
  test: Parameters<typeof withPair>[2],
  options: EngineOptions = {},
) => withPair(modelFile(base), modelFile(tuned), test, options);

/** The address of a tile of "tuned" compared with "base". */
export const comparedAt = (
  layer: string,
  place: readonly [number, number, number],
  query = "",
  mode = "weights",
) => tileAt(layer, place, `against=base${query && `&${query}`}`, { model: "tuned", mode });

/** All numbers of a compared layer at a zoom, in rows. */
export async function plane(
  engine: Engine,
  layer: string,
  z: number,
  query = "",
): Promise<number[][]> {
  const { plane } = engine.view("tuned", layer, "weights", new URLSearchParams("against=base"));
  const scale = 2 ** (z - plane.nativeZoom);
  const width = Math.ceil(plane.width * scale), height = Math.ceil(plane.height * scale);
  const all = Array.from({ length: height }, () => new Array<number>(width));
  for (let y = 0; y < height; y += 256) {
    for (let x = 0; x < width; x += 256) {
      const tile = await numbers(engine, comparedAt(layer, [z, x / 256, y / 256], query));
      for (let row = y; row < Math.min(y + 256, height); row++) {
        for (let column = x; column < Math.min(x + 256, width); column++) {
          all[row]![column] = tile.values[(row - y) * 256 + column - x]!;
        }
      }
    }
  }
  return all;
}

/** A safetensors file of one float16 tensor. */
export function halves(name: string, { shape, values }: Content): Uint8Array<ArrayBuffer> {
  const data = new Float16Array(values);
  const header = { [name]: { dtype: "F16", shape, data_offsets: [0, data.byteLength] } };
  return safetensorsFile(header, new Uint8Array(data.buffer));
}

/** A GGUF file of one Q8_0 matrix, and the values in it. */
export function eights(name: string, { shape, values }: Content) {
  const [height, width] = shape as [number, number];
  const stored = new Float32Array(values.length);
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < values.length; from += 32) {
    const block = values.subarray(from, from + 32);
    const scale = new Float16Array([
      block.reduce((most, v) => Math.max(most, Math.abs(v)), 0) / 127,
    ]);
    const steps = Int8Array.from(block, (v) => Math.round(v / (scale[0]! || 1)));
    blocks.push(new Uint8Array(scale.buffer), new Uint8Array(steps.buffer));
    steps.forEach((step, i) => stored[from + i] = Math.fround(step * scale[0]!));
  }
  const tensors = [{ name, dims: [width, height], type: 8 }];
  return { bytes: ggufFile({ tensors, data: concat(...blocks) }), values: stored };
}
