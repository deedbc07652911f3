import { createEngine, type EngineOptions } from "../../src/tile/engine.ts";
import type { EngineEvent } from "../../src/tile/ingests.ts";
import type { Address, Engine } from "../../src/tile/tile.ts";
import { safetensorsFile } from "../formats/build.ts";

/** Rows of a matrix of bytes that is read only when an ingest comes to it, and its columns. */
export const TALL = 2304, WIDE = 2048;

/**
 * A safetensors file of byte matrices of 4.7 million cells each, one a name: bands of rows about a
 * mean that differs by layer, so that pictures have something to show. `seed` makes other values.
 */
export function largeFile(
  names: readonly string[],
  seed = 1,
  rows = TALL,
  columns = WIDE,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = {};
  const data = new Uint8Array(names.length * rows * columns);
  let state = seed * 2654435761 >>> 0;
  for (const [i, name] of names.entries()) {
    const from = i * rows * columns, to = from + rows * columns;
    header[name] = { dtype: "U8", shape: [rows, columns], data_offsets: [from, to] };
    for (let at = from; at < to; at++) {
      state = Math.imul(state, 1664525) + 1013904223 >>> 0;
      const row = Math.floor((at - from) / columns);
      data[at] = 40 + 20 * i % 100 + 30 * (row >> 7 & 1) + (state >>> 27);
    }
  }
  return safetensorsFile(header, data);
}

/** A folder with a model file "model.safetensors" and one for stores, removed afterwards. */
export async function withLarge(
  names: readonly string[],
  test: (path: string, store: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const path = `${home}/model.safetensors`;
    await Deno.writeFile(path, largeFile(names));
    await test(path, `${home}/store`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** An engine that ingests in the background, while `test` runs. */
export async function ingesting(
  path: string,
  folder: string,
  test: (engine: Engine) => Promise<void>,
  options: Partial<EngineOptions> = {},
  background = true,
): Promise<void> {
  const engine = await createEngine([path], {
    workers: 1,
    store: { folder, background },
    ...options,
  });
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

/** Resolves once the ingest of "model" is in that state. */
export async function until(
  engine: Engine,
  state: "done" | "failed" | "paused",
  model = "model",
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (event?: EngineEvent) => {
    if (event && event.kind !== "ingest") return;
    if (engine.ingest(model)?.state === state) resolve();
  };
  const deaf = engine.listen(look);
  look();
  await promise;
  deaf();
}

/** Paths of a folder's files, below it; of a store only those that tell what was found. */
export function filesBelow(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`, `${prefix}${name}/`) : `${prefix}${name}`
  ).filter((path) => !/(^|\/)(used|locks\/.*)$|\.part$/.test(path)).sort();
}

/** Every file of a store and its bytes, as one text to compare by. */
export async function contentsOf(folder: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const path of filesBelow(folder)) {
    const bytes = await Deno.readFile(`${folder}/${path}`);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    contents.set(path, `${bytes.length} ${hash.toHex()}`);
  }
  return contents;
}

/** The address of a tile of the map of "model". */
export const mapTile = (
  [z, x, y]: readonly [number, number, number],
  query = "",
  more: Partial<Address> = {},
): Address => ({
  ...{ model: "model", layer: "_", mode: "map", z, x, y, density: 1, format: "png" } as const,
  query: new URLSearchParams(query),
  ...more,
});
