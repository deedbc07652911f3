import { NEGATIVE_INFINITY, NOT_A_NUMBER, POSITIVE_INFINITY, RAMP, type Shade } from "../ops.ts";

const f32 = Math.fround;
const MIDDLE = (RAMP - 1) / 2;

/** 1.5·2^23, where float32 has no fraction left: adding it rounds to an integer, ties to even. */
const UNIT = 1.5 * 2 ** 23;

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

const curves = {
  linear: (t: number) => t,
  tanh: Math.tanh,
  log: (t: number) => Math.sign(t) * Math.log1p(Math.min(Math.abs(t), LARGEST)),
} as const;

/**
 * One palette entry a value. Each step is rounded to float32; the distance from the middle is
 * rounded, ties to even, so that ±x lie on mirrored entries. A value that has no place (0·∞ from
 * the parameters) is entry 0.
 */
export function shade(values: Float32Array, shade: Shade): Uint8Array {
  const curve = curves[shade.curve];
  const [center, scale, gain] = [f32(shade.center), f32(shade.scale), f32(shade.gain)];
  return Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return NOT_A_NUMBER;
    if (value === Infinity) return POSITIVE_INFINITY;
    if (value === -Infinity) return NEGATIVE_INFINITY;
    const t = f32(f32(value - center) * scale);
    const y = f32(gain * f32(curve(t)));
    const step = f32(MIDDLE * y);
    const clamped = step > -MIDDLE ? Math.min(step, MIDDLE) : -MIDDLE;
    return MIDDLE + f32(clamped + UNIT) - UNIT;
  });
}
