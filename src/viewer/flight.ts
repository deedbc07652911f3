import type { Place } from "./state.ts";

/** Milliseconds that a flight takes at least and at most. */
const SHORTEST = 260, LONGEST = 1300;
/** Milliseconds for each unit of the way: e^√2 times as large or small. */
const PACE = 420;

/** A way from one place to another, and how long it should take. */
export interface Flight {
  /** Milliseconds. */
  readonly duration: number;
  /** The place at a share 0..1 of the time. */
  at(share: number): Place;
}

/** How much zooming costs against moving: ρ of the source below. */
const RHO = Math.SQRT2;

/**
 * The way that shows best where one goes: out far enough to see both ends, and in again (van Wijk
 * and Nuij, "Smooth and efficient zooming and panning", 2003, section 5). `side` is the view's in
 * pixels.
 */
export function flight(from: Place, to: Place, nativeZoom: number, side: number): Flight {
  const cells = ({ z }: Place) => side * 2 ** (nativeZoom - z);
  const way = smooth(cells(from), cells(to), Math.hypot(to.x - from.x, to.y - from.y));
  return {
    duration: Math.min(LONGEST, Math.max(SHORTEST, PACE * way.length)),
    at(share) {
      if (share >= 1) return to;
      const { moved, width } = way.at(ease(Math.max(0, share)) * way.length);
      const x = from.x + moved * (to.x - from.x), y = from.y + moved * (to.y - from.y);
      return { x, y, z: nativeZoom + Math.log2(side / width) };
    },
  };
}

/** The best path between views `w0` and `w1` wide over a distance; `moved` is a share of that. */
function smooth(w0: number, w1: number, distance: number) {
  // Centres closer than this are the same to any eye; the formulas would divide by their distance.
  if (distance < 1e-4 * Math.min(w0, w1)) {
    const length = Math.abs(Math.log(w1 / w0)) / RHO;
    const at = (s: number) => {
      const share = length > 0 ? s / length : 1;
      return { moved: share, width: w0 * (w1 / w0) ** share };
    };
    return { length, at };
  }
  const spread = RHO ** 2 * distance;
  const b = (w: number, sign: 1 | -1) =>
    (w1 ** 2 - w0 ** 2 + sign * spread ** 2) / (2 * w * spread);
  const r0 = -Math.asinh(b(w0, 1)), r1 = -Math.asinh(b(w1, -1));
  const length = (r1 - r0) / RHO;
  const at = (s: number) => {
    const r = RHO * s + r0;
    // cosh(r0)·tanh(r) − sinh(r0), which would lose its digits where r0 is large.
    const moved = w0 / spread * Math.sinh(RHO * s) / Math.cosh(r);
    return { moved, width: w0 * Math.cosh(r0) / Math.cosh(r) };
  };
  return { length, at };
}

const ease = (t: number) => t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
