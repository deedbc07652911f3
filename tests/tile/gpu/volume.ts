import sharp from "sharp";
import type { EngineOptions } from "../../../src/tile/engine.ts";
import type { Engine, Tile } from "../../../src/tile/tile.ts";
import { type Content, hash, tileAt, withTensors } from "../models.ts";

/** Waves with noise, as a volume 20 across, 16 down, 24 through; and others like it. */
export const wave = (phase: number): Content => ({
  shape: [24, 320],
  values: Float32Array.from({ length: 24 * 320 }, (_, i) => {
    const z = Math.floor(i / 320), y = Math.floor(i % 320 / 20);
    return Math.sin(z / 5 + phase) * Math.cos(y / 4) + 0.1 * (hash(i) - 0.5);
  }),
});

export const volumeAt = (layer = "a", query = "", place: [number, number, number] = [0, 0, 0]) =>
  tileAt(layer, place, query, { mode: "voxels" });

/** An engine on volumes "a" and "b", drawn as the options say; and what it told. */
export const withVolumes = (
  options: EngineOptions,
  test: (engine: Engine, told: readonly string[]) => Promise<void>,
) => {
  const told: string[] = [];
  const tell = (message: string) => void told.push(message);
  return withTensors(
    { a: wave(0), b: wave(1) },
    (engine) => test(engine, told),
    { workers: 1, tell, ...options },
  );
};

/** A script in this folder that plays the GPU's worker. */
export const stub = (name: "lost" | "none" | "narrow") =>
  new URL(`${name}_worker.ts`, import.meta.url);

/** Peak signal-to-noise ratio of two pictures, colours weighed by their opacity. */
export async function psnr(a: Tile, b: Tile): Promise<number> {
  const [p, q] = await Promise.all([a, b].map(async ({ bytes }) => {
    const pixels = await sharp(bytes).ensureAlpha().raw().toBuffer();
    return Float64Array.from(pixels, (byte, i) => i % 4 === 3 ? byte : byte * pixels[i | 3]! / 255);
  })) as [Float64Array, Float64Array];
  const squares = p.reduce((sum, x, i) => sum + (x - q[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 * p.length / squares);
}
