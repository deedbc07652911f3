// Tiles of products, as large as the sums fit in registers.
import { HEIGHT } from "./panels";

/**
 * Sums of `depth` products for a tile of six rows by two vectors, from a panel of each side, in the order of
 * the terms, starting from 0; the tile is stored row by row. Whether a product is rounded before it is
 * added is left to the processor, unless the product has no more bits than `T`.
 */
export function relaxedTile<T>(a: usize, b: usize, depth: i32, to: usize): void {
  let s0 = v128.splat<T>(0), t0 = s0;
  let s1 = v128.splat<T>(0), t1 = s1;
  let s2 = v128.splat<T>(0), t2 = s2;
  let s3 = v128.splat<T>(0), t3 = s3;
  let s4 = v128.splat<T>(0), t4 = s4;
  let s5 = v128.splat<T>(0), t5 = s5;
  const size: usize = sizeof<T>();
  for (const end = a + <usize> depth * HEIGHT * size; a < end; a += HEIGHT * size, b += 32) {
    const u = v128.load(b), v = v128.load(b, 16);
    const x0 = v128.load_splat<T>(a);
    s0 = v128.relaxed_madd<T>(x0, u, s0);
    t0 = v128.relaxed_madd<T>(x0, v, t0);
    const x1 = v128.load_splat<T>(a + size);
    s1 = v128.relaxed_madd<T>(x1, u, s1);
    t1 = v128.relaxed_madd<T>(x1, v, t1);
    const x2 = v128.load_splat<T>(a + 2 * size);
    s2 = v128.relaxed_madd<T>(x2, u, s2);
    t2 = v128.relaxed_madd<T>(x2, v, t2);
    const x3 = v128.load_splat<T>(a + 3 * size);
    s3 = v128.relaxed_madd<T>(x3, u, s3);
    t3 = v128.relaxed_madd<T>(x3, v, t3);
    const x4 = v128.load_splat<T>(a + 4 * size);
    s4 = v128.relaxed_madd<T>(x4, u, s4);
    t4 = v128.relaxed_madd<T>(x4, v, t4);
    const x5 = v128.load_splat<T>(a + 5 * size);
    s5 = v128.relaxed_madd<T>(x5, u, s5);
    t5 = v128.relaxed_madd<T>(x5, v, t5);
  }
  v128.store(to, s0);
  v128.store(to, t0, 16);
  v128.store(to, s1, 32);
  v128.store(to, t1, 48);
  v128.store(to, s2, 64);
  v128.store(to, t2, 80);
  v128.store(to, s3, 96);
  v128.store(to, t3, 112);
  v128.store(to, s4, 128);
  v128.store(to, t4, 144);
  v128.store(to, s5, 160);
  v128.store(to, t5, 176);
}

/**
 * The same of float32, each product and each sum rounded. Two terms at a time: that is what leaves the
 * registers to the sums.
 */
export function plainTile(a: usize, b: usize, depth: i32, to: usize): void {
  let s0 = f32x4.splat(0), t0 = s0;
  let s1 = f32x4.splat(0), t1 = s1;
  let s2 = f32x4.splat(0), t2 = s2;
  let s3 = f32x4.splat(0), t3 = s3;
  let s4 = f32x4.splat(0), t4 = s4;
  let s5 = f32x4.splat(0), t5 = s5;
  for (const end = a + <usize> depth * 24; a < end; a += 48, b += 64) {
    const u = v128.load(b), v = v128.load(b, 16);
    const x0 = v128.load_splat<f32>(a);
    s0 = f32x4.add(s0, f32x4.mul(x0, u));
    t0 = f32x4.add(t0, f32x4.mul(x0, v));
    const x1 = v128.load_splat<f32>(a, 4);
    s1 = f32x4.add(s1, f32x4.mul(x1, u));
    t1 = f32x4.add(t1, f32x4.mul(x1, v));
    const x2 = v128.load_splat<f32>(a, 8);
    s2 = f32x4.add(s2, f32x4.mul(x2, u));
    t2 = f32x4.add(t2, f32x4.mul(x2, v));
    const x3 = v128.load_splat<f32>(a, 12);
    s3 = f32x4.add(s3, f32x4.mul(x3, u));
    t3 = f32x4.add(t3, f32x4.mul(x3, v));
    const x4 = v128.load_splat<f32>(a, 16);
    s4 = f32x4.add(s4, f32x4.mul(x4, u));
    t4 = f32x4.add(t4, f32x4.mul(x4, v));
    const x5 = v128.load_splat<f32>(a, 20);
    s5 = f32x4.add(s5, f32x4.mul(x5, u));
    t5 = f32x4.add(t5, f32x4.mul(x5, v));
    const y = v128.load(b, 32), z = v128.load(b, 48);
    const w0 = v128.load_splat<f32>(a, 24);
    s0 = f32x4.add(s0, f32x4.mul(w0, y));
    t0 = f32x4.add(t0, f32x4.mul(w0, z));
    const w1 = v128.load_splat<f32>(a, 28);
    s1 = f32x4.add(s1, f32x4.mul(w1, y));
    t1 = f32x4.add(t1, f32x4.mul(w1, z));
    const w2 = v128.load_splat<f32>(a, 32);
    s2 = f32x4.add(s2, f32x4.mul(w2, y));
    t2 = f32x4.add(t2, f32x4.mul(w2, z));
    const w3 = v128.load_splat<f32>(a, 36);
    s3 = f32x4.add(s3, f32x4.mul(w3, y));
    t3 = f32x4.add(t3, f32x4.mul(w3, z));
    const w4 = v128.load_splat<f32>(a, 40);
    s4 = f32x4.add(s4, f32x4.mul(w4, y));
    t4 = f32x4.add(t4, f32x4.mul(w4, z));
    const w5 = v128.load_splat<f32>(a, 44);
    s5 = f32x4.add(s5, f32x4.mul(w5, y));
    t5 = f32x4.add(t5, f32x4.mul(w5, z));
  }
  v128.store(to, s0);
  v128.store(to, t0, 16);
  v128.store(to, s1, 32);
  v128.store(to, t1, 48);
  v128.store(to, s2, 64);
  v128.store(to, t2, 80);
  v128.store(to, s3, 96);
  v128.store(to, t3, 112);
  v128.store(to, s4, 128);
  v128.store(to, t4, 144);
  v128.store(to, s5, 160);
  v128.store(to, t5, 176);
}
