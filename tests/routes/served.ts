import { createApp } from "../../routes/app.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { safetensorsFile } from "../formats/build.ts";

/** Names that a path could trip over. */
export const names = [
  "plain",
  "a/b.weight",
  "dots.in.it",
  "ends.dzi",
  "ends_files",
  "tile.json",
  "space and ünïcode ✓",
  "100% & more?",
  "a%2Fb",
  "#hash;semi,comma+plus",
  "x".repeat(300),
];

/** A safetensors file of a matrix 700 × 900 and a small one under each of `names`. */
export function modelFile(scale = 1): Uint8Array<ArrayBuffer> {
  const matrix = Float32Array.from({ length: 700 * 900 }, (_, i) => scale * Math.sin(i * 0.37));
  const small = Float32Array.of(1, -2, 3, 4, 5, NaN);
  const header: Record<string, object> = {
    matrix: { dtype: "F32", shape: [700, 900], data_offsets: [0, matrix.byteLength] },
  };
  const data = new Uint8Array(matrix.byteLength + names.length * small.byteLength);
  data.set(new Uint8Array(matrix.buffer));
  for (const [i, name] of names.entries()) {
    const from = matrix.byteLength + i * small.byteLength;
    header[name] = { dtype: "F32", shape: [2, 3], data_offsets: [from, from + small.byteLength] };
    data.set(new Uint8Array(small.buffer), from);
  }
  return safetensorsFile(header, data);
}

/** A server without a port. */
export interface Served {
  readonly engine: Engine;
  readonly path: string;
  /** The current version of the model, whose id is "model". */
  version(): string;
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** Runs a test against an app over `modelFile()`. */
export async function served(test: (served: Served) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/model.safetensors`;
  await Deno.writeFile(path, modelFile());
  const engine = await createEngine([path], { workers: 1 });
  const app = createApp(engine);
  try {
    await test({
      engine,
      path,
      version: () => engine.model("model").version,
      get: async (path, init) => await app(new Request(`http://localhost${path}`, init)),
    });
  } finally {
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  }
}
