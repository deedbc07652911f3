import { createEngine, type EngineOptions } from "../../src/tile/engine.ts";
import type { Address, Engine } from "../../src/tile/tile.ts";
import { safetensorsFile } from "../formats/build.ts";

/** A tensor of a model file: its shape and its values, row-major. */
export interface Content {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A safetensors file of float32 tensors. */
export function modelFile(tensors: Readonly<Record<string, Content>>): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = {};
  let at = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [at, at += values.byteLength] };
  }
  const data = new Uint8Array(at);
  at = 0;
  for (const { values } of Object.values(tensors)) {
    data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return safetensorsFile(header, data);
}

/** Writes a file of one uint8 matrix whose rows hold one value each; rows of zeros are left as holes. */
export async function writeRows(
  path: string,
  width: number,
  rows: Uint8Array,
): Promise<void> {
  const bytes = width * rows.length;
  const shape = [rows.length, width];
  const head = safetensorsFile({ matrix: { dtype: "U8", shape, data_offsets: [0, bytes] } });
  await Deno.writeFile(path, head);
  await Deno.truncate(path, head.length + bytes);
  using file = await Deno.open(path, { write: true });
  const row = new Uint8Array(width);
  for (const [y, value] of rows.entries()) {
    if (value === 0) continue;
    await file.seek(head.length + y * width, Deno.SeekMode.Start);
    await file.write(row.fill(value));
  }
}

/**
 * An engine on a folder "model" of its own, in which `prepare` puts the model files. One that is
 * called model.safetensors there has the id "model".
 */
export async function withFolder(
  prepare: (folder: string) => Promise<void>,
  options: EngineOptions,
  test: (engine: Engine, folder: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  const folder = `${home}/model`;
  try {
    await Deno.mkdir(folder);
    await prepare(folder);
    const engine = await createEngine([folder], options);
    try {
      await test(engine, folder);
    } finally {
      await engine.close();
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** An engine on "model.safetensors" with these tensors. */
export const withTensors = (
  tensors: Readonly<Record<string, Content>>,
  test: (engine: Engine, path: string) => Promise<void>,
  options: EngineOptions = { workers: 1 },
) =>
  withFolder(
    (folder) => Deno.writeFile(`${folder}/model.safetensors`, modelFile(tensors)),
    options,
    (engine, folder) => test(engine, `${folder}/model.safetensors`),
  );

/** The address of a tile of "model" in mode weights. */
export const tileAt = (
  layer: string,
  [z, x, y]: readonly [number, number, number],
  query = "",
  more: Partial<Address> = {},
): Address => ({
  model: "model",
  layer,
  mode: "weights",
  z,
  x,
  y,
  density: 1,
  format: "png",
  query: new URLSearchParams(query),
  ...more,
});

/** The float32 values of an .npy tile, in rows of `width`. */
export async function numbers(engine: Engine, address: Address) {
  const { bytes } = await engine.ticket({ ...address, format: "npy" }).tile();
  const start = new DataView(bytes.buffer).getUint16(8, true) + 10;
  const shape = new TextDecoder().decode(bytes.subarray(10, start)).match(/\((\d+), (\d+)\)/)!;
  const [height, width] = shape.slice(1).map(Number) as [number, number];
  return { values: new Float32Array(bytes.slice(start).buffer), width, height };
}

/** What the function throws or rejects with. */
export async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** Numbers in [0, 1) that look random, the same for the same i. */
export function hash(i: number): number {
  const noise = Math.sin(i * 12.9898 + 1) * 43758.5453;
  return noise - Math.floor(noise);
}
