import { checkStats } from "../bounds.ts";
import type { BlockStats } from "../ops.ts";

/**
 * SPEC's packed statistics, RGBA8, un-premultiplied: R mean, G standard deviation and B mean
 * gradient, each through tanh(α·x/s), A sign entropy. Blocks without a finite value are 0,0,0,0.
 */
export function pack(stats: BlockStats, alpha: number, scale: number): Uint8Array {
  checkStats("pack", stats);
  const length = stats.width * stats.height;
  const pixels = new Uint8Array(length * 4);
  const squash = (x: number) => Math.tanh(alpha * x / scale);
  for (let i = 0; i < length; i++) {
    const count = stats.count[i]!;
    if (count === 0) continue;
    const share = stats.positive[i]! / (count - stats.zero[i]!);
    pixels[4 * i] = Math.round(127.5 * (1 + squash(stats.mean[i]!)));
    pixels[4 * i + 1] = Math.round(255 * squash(Math.sqrt(stats.m2[i]! / count)));
    pixels[4 * i + 2] = Math.round(255 * squash(stats.gradient[i]! / count));
    pixels[4 * i + 3] = Math.round(255 * entropy(share));
  }
  return pixels;
}

/** H(p) in bits; 0 where p is 0, 1 or, no value having a sign, NaN. */
function entropy(p: number): number {
  return p > 0 && p < 1 ? -p * Math.log2(p) - (1 - p) * Math.log2(1 - p) : 0;
}
