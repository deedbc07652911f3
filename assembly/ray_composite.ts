// Colours of samples front to back.
import { Colours } from "./ray_colours";
import { Four, lanesBelow, positions } from "./ray_four";
import { diffuses, interpolateLit, speculars } from "./ray_lit";
import { aheadX, aheadY, aheadZ, fourX, fourY, fourZ } from "./ray_state";
import { startX, startY, startZ, stepX, stepY, stepZ, view } from "./ray_state";

/** A ray is done where less than this passes through. */
const OPAQUE: f32 = <f32> (1 - 0.996);

/** The entry behind the quarters, which adds nothing. */
const NOTHING: i32 = 1023 << 4;

/** Of four samples: where their entries are, opacities, these times brightness, and the light on them. */
const ENTRIES = memory.data(16, 16);
const OPACITIES = memory.data(16, 16);
const BRIGHTNESS = memory.data(16, 16);
const DIFFUSES = memory.data(16, 16);
const SPECULARS = memory.data(16, 16);

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
    const entries = entriesOf(values, k, end);
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
  const samples = <usize> view.quarters;
  let total = sum, open = f32x4.splat(through);
  for (; k < end; k += 4) {
    const values = interpolateLit(brick, px, py, pz);
    v128.store(ENTRIES, entriesOf(values, k, end));
    v128.store(DIFFUSES, diffuses);
    v128.store(SPECULARS, speculars);
    for (let i: usize = 0; i < 16; i += 4) {
      const entry = v128.load(samples + load<u32>(ENTRIES + i));
      const opacity = i32x4.shuffle(entry, entry, 3, 3, 3, 3);
      const diffuse = v128.load_splat<u32>(DIFFUSES + i);
      const sample = lit(entry, opacity, diffuse, v128.load_splat<u32>(SPECULARS + i));
      total = f32x4.add(total, f32x4.mul(open, sample));
      open = f32x4.sub(open, f32x4.mul(open, opacity));
    }
    if (f32x4.extract_lane(open, 0) <= OPAQUE) break;
    px = i32x4.add(px, dx);
    py = i32x4.add(py, dy);
    pz = i32x4.add(pz, dz);
  }
  through = f32x4.extract_lane(open, 0);
  sum = f32x4.replace_lane(total, 3, 1 - through);
  return through <= OPAQUE;
}

/** Where in the quarters, of 16 bytes, the nearest to values are; behind `end` nothing is. */
function entriesOf(values: v128, k: i32, end: i32): v128 {
  return v128.bitselect(
    i32x4.shl(i32x4.shr_u(i32x4.add(values, i32x4.splat(16)), 5), 4),
    i32x4.splat(NOTHING),
    lanesBelow(k, end),
  );
}

/** A sample's colour in the light: no brighter than white of its opacity. */
function lit(sample: v128, opacity: v128, diffuse: v128, specular: v128): v128 {
  const colour = f32x4.add(f32x4.mul(sample, diffuse), f32x4.mul(opacity, specular));
  return f32x4.pmin(colour, opacity);
}

/** Samples k…end of a brick of four channels, lit or not; true where the ray is done. */
export function compositeColours(brick: usize, x: i32, y: i32, z: i32, k: i32, end: i32): bool {
  let px = positions(startX, stepX, k, x, aheadX);
  let py = positions(startY, stepY, k, y, aheadY);
  let pz = positions(startZ, stepZ, k, z, aheadZ);
  const dx = fourX, dy = fourY, dz = fourZ;
  const quarters = <usize> view.quarters, shading = view.shading;
  let total = sum, open = f32x4.splat(through);
  for (; k < end; k += 4) {
    const values = shading
      ? interpolateLit(brick, px, py, pz)
      : Four.interpolate(brick, px, py, pz);
    const entries = entriesOf(values, k, end);
    const a = quarters + i32x4.extract_lane(entries, 0);
    const b = quarters + i32x4.extract_lane(entries, 1);
    const c = quarters + i32x4.extract_lane(entries, 2);
    const d = quarters + i32x4.extract_lane(entries, 3);
    let opacities = v128.load32_zero(a, 12);
    opacities = v128.load_lane<u32>(b, opacities, 1, 12);
    opacities = v128.load_lane<u32>(c, opacities, 2, 12);
    opacities = v128.load_lane<u32>(d, opacities, 3, 12);
    if (v128.any_true(opacities)) {
      opacities = f32x4.mul(opacities, f32x4.splat(1.0 / 32767));
      const bright = f32x4.mul(f32x4.convert_i32x4_s(values), f32x4.splat(1.0 / 32640));
      Colours.place(px, py, pz);
      v128.store(OPACITIES, opacities);
      v128.store(BRIGHTNESS, f32x4.mul(opacities, bright));
      v128.store(DIFFUSES, diffuses);
      v128.store(SPECULARS, speculars);
      for (let i: usize = 0; i < 16; i += 4) {
        const hue = Colours.at(brick, i);
        const weight = i32x4.shuffle(hue, hue, 3, 3, 3, 3);
        const taken = f32x4.mul(weight, v128.load_splat<u32>(OPACITIES + i));
        let sample = f32x4.mul(hue, v128.load_splat<u32>(BRIGHTNESS + i));
        if (shading) {
          const diffuse = v128.load_splat<u32>(DIFFUSES + i);
          sample = lit(sample, taken, diffuse, v128.load_splat<u32>(SPECULARS + i));
        }
        total = f32x4.add(total, f32x4.mul(open, sample));
        open = f32x4.sub(open, f32x4.mul(open, taken));
      }
      if (f32x4.extract_lane(open, 0) <= OPAQUE) break;
    }
    px = i32x4.add(px, dx);
    py = i32x4.add(py, dy);
    pz = i32x4.add(pz, dz);
  }
  through = f32x4.extract_lane(open, 0);
  sum = f32x4.replace_lane(total, 3, 1 - through);
  return through <= OPAQUE;
}
