import type { RayView, RayVolume } from "../src/compute/ray/ops.ts";
import { ask } from "./raymarch_ask.ts";
import { hued } from "./raymarch_volume.ts";

const FRAMES = 5;
const SIDE = 512;

const parts: Readonly<Record<string, Partial<RayView>>> = {
  composite: {},
  "composite, lit": { shading: true },
  maximum: { mode: "maximum" },
  iso: { mode: "iso", level: 0.7 },
  cubes: { mode: "cubes" },
};

/** Prints milliseconds a frame of every mode, and how many times the composite's that is. */
export async function benchModes(volume: RayVolume): Promise<void> {
  for (const given of [volume, hued(volume)]) {
    const worker = new Worker(new URL("raymarch_worker.ts", import.meta.url), { type: "module" });
    const times: Record<string, number[]> = {};
    await ask(worker, { volume: given });
    for (let frame = -1; frame < FRAMES; frame++) {
      for (const [name, part] of Object.entries(parts)) {
        const began = performance.now();
        await ask(worker, { frame, part, first: 0, rows: SIDE });
        if (frame >= 0) (times[name] ??= []).push(performance.now() - began);
      }
    }
    worker.terminate();
    const least = Math.min(...times.composite!);
    console.log(`${given.channels} channels, one worker:`);
    for (const [name, all] of Object.entries(times)) {
      const [best, usual] = [Math.min(...all), all.toSorted((a, b) => a - b)[all.length >> 1]!];
      console.log(
        `  ${name.padEnd(14)} best ${best.toFixed(0).padStart(5)} ms, ` +
          `median ${usual.toFixed(0).padStart(5)} ms, ${(best / least).toFixed(2)} composites`,
      );
    }
  }
}
