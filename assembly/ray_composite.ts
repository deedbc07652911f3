// Colours of samples front to back.
import { Four, lanesBelow, positions } from "./ray_four";
import { diffuses, interpolateLit, speculars } from "./ray_lit";
import { diffuse, light, specular } from "./ray_samples";
import { aheadX, aheadY, aheadZ, fourX, fourY, fourZ } from "./ray_state";
import { startX, startY, startZ, stepX, stepY, stepZ, view } from "./ray_state";
import { placeOf, strideOf, value, wordAt, wordHue } from "./ray_words";

/** A ray is done where less than this passes through. */
const OPAQUE: f32 = <f32> (1 - 0.996);

/** The entry behind the quarters, which adds nothing. */
const NOTHING: i32 = 1023 << 4;

/** Colour times opacity, and opacity, of what the ray has met; and what passes through it. */
export let sum: v128 = i32x4.splat(0);
let through: f32 = 1;

export function beginComposite(): void {
  sum = f32x4.splat(0);
  through = 1;
}

/** Samples k…end of a block of one value; true where the ray is done. */
export function compositeEven(value: u8, k: i32, end: i32): bool {
  const sample = v128.load(view.quarters + (<usize> value << 6));
  const passes = load<f32>(view.through + (<usize> value << 4));
  for (; k < end; k++) {
    sum = f32x4.add(sum, f32x4.mul(f32x4.splat(through), sample));
    through *= passes;
  }
  return through <= OPAQUE;
}

/** Samples k…end of a brick of bytes that is block (x, y, z); true where the ray is done. */
export function compositeBytes(brick: usize, x: i32, y: i32, z: i32, k: i32, end: i32): bool {
  let px = positions(startX, stepX, k, x, aheadX);
  let py = positions(startY, stepY, k, y, aheadY);
  let pz = positions(startZ, stepZ, k, z, aheadZ);
  const dx = fourX, dy = fourY, dz = fourZ;
  const samples = <usize> view.quarters, passing = <usize> view.through;
  let total = sum, open = f32x4.splat(through);
  for (; k < end; k += 4) {
    const values = Four.interpolate(brick, px, py, pz);
    // To the nearest quarter of an entry, of 16 bytes.
    const entries = v128.bitselect(
      i32x4.shl(i32x4.shr_u(i32x4.add(values, i32x4.splat(16)), 5), 4),
      i32x4.splat(NOTHING),
      lanesBelow(k, end),
    );
    const a = <usize> i32x4.extract_lane(entries, 0), b = <usize> i32x4.extract_lane(entries, 1);
    const c = <usize> i32x4.extract_lane(entries, 2), d = <usize> i32x4.extract_lane(entries, 3);
    const pa = v128.load_splat<f32>(passing + (a >> 2));
    const pb = v128.load_splat<f32>(passing + (b >> 2));
    const pc = v128.load_splat<f32>(passing + (c >> 2));
    const pd = v128.load_splat<f32>(passing + (d >> 2));
    const ab = f32x4.add(v128.load(samples + a), f32x4.mul(pa, v128.load(samples + b)));
    const cd = f32x4.add(v128.load(samples + c), f32x4.mul(pc, v128.load(samples + d)));
    const pab = f32x4.mul(pa, pb);
    total = f32x4.add(total, f32x4.mul(open, f32x4.add(ab, f32x4.mul(pab, cd))));
    open = f32x4.mul(open, f32x4.mul(pab, f32x4.mul(pc, pd)));
    if (f32x4.extract_lane(open, 0) <= OPAQUE) break;
    px = i32x4.add(px, dx);
    py = i32x4.add(py, dy);
    pz = i32x4.add(pz, dz);
  }
  sum = total;
  through = f32x4.extract_lane(open, 0);
  return through <= OPAQUE;
}

/** The same, lit. */
export function compositeLit(brick: usize, x: i32, y: i32, z: i32, k: i32, end: i32): bool {
  let px = positions(startX, stepX, k, x, aheadX);
  let py = positions(startY, stepY, k, y, aheadY);
  let pz = positions(startZ, stepZ, k, z, aheadZ);
  const dx = fourX, dy = fourY, dz = fourZ;
  const samples = <usize> view.quarters, passing = <usize> view.through;
  const one = f32x4.splat(1);
  let total = sum, open = f32x4.splat(through);
  for (; k < end; k += 4) {
    const values = interpolateLit(brick, px, py, pz);
    const entries = v128.bitselect(
      i32x4.shl(i32x4.shr_u(i32x4.add(values, i32x4.splat(16)), 5), 4),
      i32x4.splat(NOTHING),
      lanesBelow(k, end),
    );
    px = i32x4.add(px, dx);
    py = i32x4.add(py, dy);
    pz = i32x4.add(pz, dz);
    const a = <usize> i32x4.extract_lane(entries, 0), b = <usize> i32x4.extract_lane(entries, 1);
    const c = <usize> i32x4.extract_lane(entries, 2), d = <usize> i32x4.extract_lane(entries, 3);
    const pa = v128.load_splat<f32>(passing + (a >> 2));
    const pb = v128.load_splat<f32>(passing + (b >> 2));
    const pc = v128.load_splat<f32>(passing + (c >> 2));
    const pd = v128.load_splat<f32>(passing + (d >> 2));
    const pab = f32x4.mul(pa, pb), pcd = f32x4.mul(pc, pd);
    const la = lit(
      v128.load(samples + a),
      f32x4.sub(one, pa),
      f32x4.splat(f32x4.extract_lane(diffuses, 0)),
      f32x4.splat(f32x4.extract_lane(speculars, 0)),
    );
    const lb = lit(
      v128.load(samples + b),
      f32x4.sub(one, pb),
      f32x4.splat(f32x4.extract_lane(diffuses, 1)),
      f32x4.splat(f32x4.extract_lane(speculars, 1)),
    );
    const lc = lit(
      v128.load(samples + c),
      f32x4.sub(one, pc),
      f32x4.splat(f32x4.extract_lane(diffuses, 2)),
      f32x4.splat(f32x4.extract_lane(speculars, 2)),
    );
    const ld = lit(
      v128.load(samples + d),
      f32x4.sub(one, pd),
      f32x4.splat(f32x4.extract_lane(diffuses, 3)),
      f32x4.splat(f32x4.extract_lane(speculars, 3)),
    );
    const ab = f32x4.add(la, f32x4.mul(pa, lb));
    const cd = f32x4.add(lc, f32x4.mul(pc, ld));
    total = f32x4.add(total, f32x4.mul(open, f32x4.add(ab, f32x4.mul(pab, cd))));
    open = f32x4.mul(open, f32x4.mul(pab, pcd));
    if (f32x4.extract_lane(open, 0) <= OPAQUE) break;
  }
  through = f32x4.extract_lane(open, 0);
  sum = f32x4.replace_lane(total, 3, 1 - through);
  return through <= OPAQUE;
}

function lit(sample: v128, opacity: v128, diffuse: v128, specular: v128): v128 {
  const colour = f32x4.add(f32x4.mul(sample, diffuse), f32x4.mul(opacity, specular));
  return f32x4.pmin(colour, opacity);
}

/** Samples k…end of a brick of four channels, one by one; true where the ray is done. */
export function compositeWords(brick: usize, x: i32, y: i32, z: i32, k: i32, end: i32): bool {
  let place = placeOf(k, x, y, z);
  const stride = strideOf(), samples = <usize> view.samples, shading = view.shading;
  let total = sum, open = through;
  for (; k < end; k++) {
    wordAt(brick, place);
    place = f32x4.add(place, stride);
    const entry = min<i32>(254, <i32> value);
    const from = load<f32>(samples + (entry << 4), 12), to = load<f32>(samples + (entry << 4), 28);
    const opacity = from + (to - from) * (value - <f32> entry);
    if (opacity == 0) continue;
    const hue = wordHue();
    const weight = f32x4.extract_lane(hue, 3);
    if (weight == 0) continue;
    const taken = opacity * weight;
    let sample = f32x4.mul(hue, f32x4.splat(opacity * value * <f32> (1.0 / 255)));
    if (shading) {
      light(startX + k * stepX, startY + k * stepY, startZ + k * stepZ);
      sample = lit(
        sample,
        f32x4.splat(taken),
        f32x4.splat(<f32> diffuse),
        f32x4.splat(<f32> specular),
      );
    }
    total = f32x4.add(total, f32x4.mul(f32x4.splat(open), sample));
    open *= 1 - taken;
    if (open <= OPAQUE) break;
  }
  through = open;
  sum = f32x4.replace_lane(total, 3, 1 - open);
  return open <= OPAQUE;
}
