import { numeral } from "./numeral.ts";

/** One side of a chart: numbers from one to another, evenly spaced or by their logarithm. */
export interface Axis {
  readonly kind: "linear" | "log";
  readonly from: number;
  readonly to: number;
  /** Whether there are only whole numbers. */
  readonly whole?: boolean;
}

/** A number on an axis; `text` where it is written there. */
export interface Mark {
  readonly value: number;
  readonly text: string | null;
}

const on = ({ kind }: Axis, value: number) => kind === "log" ? Math.log10(value) : value;

/** Share of the way along an axis at which a number lies: below 0 or above 1 beyond its ends. */
export function shareOf(axis: Axis, value: number): number {
  const from = on(axis, axis.from);
  return (on(axis, value) - from) / (on(axis, axis.to) - from);
}

/** The number at a share of the way along an axis. */
export function numberAt(axis: Axis, share: number): number {
  const from = on(axis, axis.from), at = from + share * (on(axis, axis.to) - from);
  return axis.kind === "log" ? 10 ** at : at;
}

/**
 * Round numbers on an axis so many pixels long: lines are at least `apart` pixels from each other, those with
 * their number written beside them at least `room`.
 */
export function marksOf(axis: Axis, pixels: number, apart: number, room: number): Mark[] {
  const { from, to, whole = false } = axis;
  const inside = (value: number) =>
    value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9) && (!whole || Number.isInteger(value));
  const levels = candidates(axis).map((values) => values.filter(inside));
  /** The most of them that are so far from each other. */
  const most = (least: number) =>
    levels.reduce<readonly number[]>((best, values) => {
      const isApart = values.every((value, i) =>
        i === 0 || (shareOf(axis, value) - shareOf(axis, values[i - 1]!)) * pixels >= least
      );
      return isApart && values.length > best.length ? values : best;
    }, []);
  const written = new Set(most(room));
  return [...new Set([...most(apart), ...written])].sort((a, b) => a - b).map((value) => {
    return { value, text: written.has(value) ? numeral(value).replace(/^1×/, "") : null };
  });
}

/** Sets of round numbers, ascending, of which an axis may show one. */
function candidates(axis: Axis): number[][] {
  const { from, to, whole = false } = axis;
  if (axis.kind === "linear") return multiples(from, to);
  // Where there is less than a power of ten, numbers an even step apart are rounder; but places begin with 1.
  return to / from < 12 && !whole
    ? [...powers(from, to), ...multiples(from, to)]
    : powers(from, to);
}

/** Powers of ten, some skipped, and what lies between them. */
function powers(from: number, to: number): number[][] {
  const first = Math.floor(Math.log10(from)), last = Math.ceil(Math.log10(to));
  const times = (mantissas: readonly number[], step: number): number[] => {
    const start = Math.ceil(first / step) * step;
    const count = Math.max(0, Math.floor((last - start) / step) + 1);
    return Array.from({ length: count }, (_, i) => start + i * step)
      .flatMap((power) => mantissas.map((mantissa) => Number(`${mantissa}e${power}`)));
  };
  const even = (step: number) =>
    Array.from({ length: Math.round(9 / step) }, (_, i) => Number((1 + i * step).toFixed(2)));
  return [
    ...[10, 5, 3, 2, 1].map((step) => times([1], step)),
    ...[[1, 3], [1, 2, 5], even(1), even(0.5), even(0.1)].map((mantissas) => times(mantissas, 1)),
  ];
}

/** Multiples of 1, 2 and 5 times a power of ten. */
function multiples(from: number, to: number): number[][] {
  const largest = Math.floor(Math.log10(to - from));
  return [0, -1, -2].flatMap((k) => [5, 2, 1].map((m) => Number(`${m}e${largest + k}`)))
    .map((step) => {
      const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9);
      return Array.from(
        { length: Math.max(0, last - first + 1) },
        (_, i) => Number(((first + i) * step).toPrecision(12)) + 0,
      );
    });
}
