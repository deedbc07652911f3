// pack: statistics of blocks to RGBA8, four blocks at a time: up to 3 more are read and written
// than asked, for which the host leaves room.
import { log4, tanh4 } from "./curves";

/** 2^23: adding it rounds to an integer. */
const UNIT: f32 = 8388608;

/** `stats` as `blockStats` writes them; `factor` is α/s. */
export function pack(stats: usize, stride: usize, length: i32, factor: f32, out: usize): void {
  const k = f32x4.splat(factor);
  for (const end = out + (<usize> length << 2); out < end; out += 16, stats += 16) {
    const cells = v128.load(stats);
    const zeros = v128.load(stats + 7 * stride), positives = v128.load(stats + 6 * stride);
    const n = f32x4.convert_i32x4_u(cells);
    const deviation = f32x4.sqrt(f32x4.div(v128.load(stats + 2 * stride), n));
    const slope = f32x4.div(v128.load(stats + 5 * stride), n);
    const mean = f32x4.add(f32x4.splat(1), tanh4(f32x4.mul(v128.load(stats + stride), k)));
    const signed = i32x4.sub(cells, zeros);
    const red = byte(f32x4.mul(f32x4.splat(127.5), mean));
    const green = byte(f32x4.mul(f32x4.splat(255), tanh4(f32x4.mul(deviation, k))));
    const blue = byte(f32x4.mul(f32x4.splat(255), tanh4(f32x4.mul(slope, k))));
    const alpha = byte(f32x4.mul(f32x4.splat(255), entropy(positives, signed)));
    const pixels = v128.or(
      v128.or(red, i32x4.shl(green, 8)),
      v128.or(i32x4.shl(blue, 16), i32x4.shl(alpha, 24)),
    );
    v128.store(out, v128.and(pixels, i32x4.ne(cells, i32x4.splat(0))));
  }
}

function byte(x: v128): v128 {
  return v128.and(f32x4.add(x, f32x4.splat(UNIT)), i32x4.splat(255));
}

/** H(p) in bits, p = positives/signed; 0 where all signs are the same or there are none. */
function entropy(positives: v128, signed: v128): v128 {
  const n = f32x4.convert_i32x4_u(signed);
  const p = f32x4.div(f32x4.convert_i32x4_u(positives), n);
  const q = f32x4.div(f32x4.convert_i32x4_u(i32x4.sub(signed, positives)), n);
  const nats = f32x4.add(f32x4.mul(p, log4(p)), f32x4.mul(q, log4(q)));
  const mixed = v128.and(f32x4.gt(p, f32x4.splat(0)), f32x4.gt(q, f32x4.splat(0)));
  return v128.and(mixed, f32x4.mul(nats, f32x4.splat(-1.4426950408889634)));
}
