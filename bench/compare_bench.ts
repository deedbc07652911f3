/**
 * Comparing two arrays of float32 beside copying as many bytes within the same memory, one thread:
 * arrays that fit a core's second-level cache, as readers compare them, and arrays that fit none.
 * Run: deno run -A bench/compare_bench.ts
 */
import type { Target } from "../src/compute/ops.ts";
import { wasm as ops } from "../src/compute/wasm.ts";

const ROUNDS = 15;

/** Least milliseconds of some rounds. */
function least(work: () => void): number {
  let ms = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const began = performance.now();
    work();
    ms = Math.min(ms, performance.now() - began);
  }
  return ms;
}

/** `count` values in scratch memory. */
function made(count: number, value: (i: number) => number): Target {
  const { buffer, byteOffset } = ops.scratch(count * 4);
  const values = new Float32Array(buffer, byteOffset, count);
  for (let i = 0; i < count; i++) values[i] = value(i);
  return { values, start: 0, pitch: count };
}

for (const [title, count] of [["256 KiB", 1 << 16], ["16 MiB", 1 << 22]] as const) {
  ops.frame(() => {
    const cells = made(count, Math.sin), others = made(count, Math.cos);
    const times = (1 << 22) / count;
    const best = (work: () => void) =>
      least(() => {
        for (let i = 0; i < times; i++) work();
      });
    const speed = (arrays: number, ms: number) => 4 * arrays * count * times / ms / 1e6;
    const copying = speed(2, best(() => cells.values.set(others.values)));
    console.log(`${title}: copying ${copying.toFixed(1)} GB/s`);
    for (const how of ["signs", "ratio", "difference"] as const) {
      // Two arrays are read and one of them is written.
      const comparing = speed(3, best(() => ops.compare(cells, others, count, 1, how)));
      const share = (comparing / copying).toFixed(2);
      console.log(`  ${how}: ${comparing.toFixed(1)} GB/s, ${share} of copying`);
      for (let i = 0; i < count; i++) cells.values[i] = Math.sin(i);
    }
  });
}
