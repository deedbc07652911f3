/**
 * Rays through 256³ bytes into 512 × 512 pixels, step 1 voxel, the camera turning between frames. First
 * every mode's milliseconds a frame with one worker, lit and not, of one channel and of four, which take
 * turns. Then frames a second of the composite, not lit: with one worker and with two, each half of the
 * rows in tiles; on the GPU adapter, reading back included; and VTK's CPU ray caster on the same volume,
 * where there is one:
 *
 *     deno run -A bench/raymarch_bench.ts     PEERS=folder of the peers, PYTHON=one that has vtk
 *
 * Ours and the peer's rounds take turns; ratios are of medians, and of the best frames. Last, how like ours the
 * peer's last frame is.
 */
import { existsSync } from "node:fs";
import type { RayVolume } from "../src/compute/ray/ops.ts";
import { benchGpu } from "./raymarch_gpu.ts";
import { benchModes } from "./raymarch_modes.ts";
import { benchVolume } from "./raymarch_volume.ts";
import { ask } from "./raymarch_ask.ts";
import { likeness } from "./raymarch_likeness.ts";

const ROUNDS = 2;
const FRAMES = 12;
/** Frames that are drawn before those that are timed. */
const FIRST = 2;
const SIDE = 512;
const peers = Deno.env.get("PEERS") ?? new URL("../../shared/peers", import.meta.url).pathname;

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Frames a second of workers that share each frame. */
async function march(workers: Worker[]): Promise<number[]> {
  const rows = SIDE / workers.length;
  const speeds: number[] = [];
  for (let frame = -FIRST; frame < FRAMES; frame++) {
    const began = performance.now();
    const parts = await Promise.all(
      workers.map((worker, i) => ask(worker, { frame, part: {}, first: i * rows, rows })),
    );
    const bytes = parts.flat().reduce((sum, part) => sum + part.length, 0);
    if (bytes !== SIDE * SIDE * 4) throw new Error(`${bytes} bytes of a frame`);
    if (frame >= 0) speeds.push(1000 / (performance.now() - began));
  }
  return speeds;
}

/** Frames a second of VTK: least, median and most; nothing, with the reason printed, where there is none. */
async function peer(folder: string, threads: number): Promise<number[]> {
  const python = Deno.env.get("PYTHON") ?? "/usr/bin/python3";
  const screen = ["-a", "-s", "-screen 0 800x800x24 +extension GLX"];
  try {
    const { success, stdout, stderr } = await new Deno.Command("xvfb-run", {
      args: [...screen, python, `${peers}/py/volume.py`, "cpu"],
      env: { PEER_THREADS: `${threads}`, PEER_DATA: folder, PEER_RESULTS: folder },
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (success) {
      const { min, median, max } = JSON.parse(text.trim().split("\n").at(-1)!);
      return [min, median, max];
    }
    console.log(`No VTK: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`No VTK: ${error.message}`);
  }
  return [];
}

async function bench(volume: RayVolume, folder: string): Promise<void> {
  for (const threads of [1, 2]) {
    const workers = Array.from({ length: threads }, () => {
      return new Worker(new URL("raymarch_worker.ts", import.meta.url), { type: "module" });
    });
    await Promise.all(workers.map((worker) => ask(worker, { volume })));
    const [own, vtk, medians]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      own!.push(...await march(workers));
      const theirs = await peer(folder, threads);
      vtk!.push(...theirs);
      if (theirs.length > 0) medians!.push(theirs[1]!);
    }
    for (const worker of workers) worker.terminate();
    const [usual, best] = [median(own!), Math.max(...own!)];
    const [theirUsual, theirBest] = [median(medians!), Math.max(...vtk!)];
    console.log(
      `wasm, ${threads} workers: median ${usual.toFixed(2)}, best ${best.toFixed(2)} frames/s`,
    );
    if (vtk!.length === 0) continue;
    console.log(
      `VTK, ${threads} threads: median ${theirUsual.toFixed(2)}, best ${theirBest.toFixed(2)}; ` +
        `ours ${(usual / theirUsual).toFixed(2)} and ${(best / theirBest).toFixed(2)} times that`,
    );
  }
}

const volume = benchVolume();
await benchModes(volume);
const folder = Deno.makeTempDirSync({ prefix: "synaptile-" });
try {
  Deno.writeFileSync(`${folder}/vox_256.u8`, volume.data.slice());
  await bench(volume, folder);
  const picture = `${folder}/volume_cpu.png`;
  if (existsSync(picture)) {
    const found = await likeness(volume, FIRST + FRAMES - 1, picture);
    console.log(`PSNR against VTK's frame: ${found.toFixed(1)} dB`);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
await benchGpu(volume, FRAMES);
