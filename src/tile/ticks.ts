import { numeral } from "../modes/chart/numeral.ts";
import type { Legend } from "../modes/mode.ts";

export type Stops = NonNullable<Legend["ramp"]>["stops"];

/** A number on a ramp: `at` is its share 0..1 of the way from the first stop to the last. */
export interface Tick {
  readonly at: number;
  readonly value: number;
  readonly label: string;
}

// Fewest pixels from tick to tick, and from label to label.
const SPACING = 30;
const GAP = 5;

/**
 * Round numbers where they truly lie on a ramp `width` pixels long, so that no two labels touch:
 * evenly spaced on a linear ramp, 0 and ±1, 2, 5·10^k on a curved one.
 */
export function ticks(stops: Stops, width: number): Tick[] {
  const finite = stops.filter(({ value }) => Number.isFinite(value));
  const [first, last] = [finite[0], finite.at(-1)];
  if (!first || !last) return [];
  const at = (value: number) => share(positionOf(finite, value), stops);
  const place = (value: number): Tick => ({ at: at(value), value, label: numeral(value) });
  if (first.value === last.value) return [place(first.value)];

  const fits = fitting(width, first.value < 0);
  const round = isLinear(finite)
    ? even(first.value, last.value).map((values) => values.map(place)).find((all) =>
      all.every((tick, i) => i === 0 || fits(tick, all[i - 1]!))
    ) ?? []
    : rounds(first.value, last.value).map(place).reduce<Tick[]>((taken, tick) => {
      return taken.every((other) => fits(tick, other)) ? [...taken, tick] : taken;
    }, []);
  const chosen = round.length > 1 ? round : [rounded(first.value), rounded(last.value)].map(place);
  return chosen.toSorted((a, b) => a.at - b.at);
}

/** Pixels that a label needs at most at a size of 11, in DejaVu Sans, the widest of the usual fonts. */
export function labelWidth(text: string): number {
  const widths = [...text].map((c) => c === "." ? 3.5 : "−×".includes(c) ? 9.2 : c > "9" ? 4.7 : 7);
  return widths.reduce((sum, width) => sum + width, 0);
}

/** Position 0..1 of a value on the ramp, between its stops; clamped at the ends. */
function positionOf(stops: Stops, value: number): number {
  const i = stops.findIndex((stop) => stop.value >= value);
  if (i === 0) return stops[0]!.at;
  const [a, b] = [stops.at(i < 0 ? -1 : i - 1)!, stops.at(i)!];
  return b.value > a.value ? a.at + (b.at - a.at) * (value - a.value) / (b.value - a.value) : b.at;
}

function share(at: number, stops: Stops): number {
  const from = stops[0]!.at, to = stops.at(-1)!.at;
  return to > from ? (at - from) / (to - from) : 0.5;
}

function isLinear(stops: Stops): boolean {
  const [first, last] = [stops[0]!, stops.at(-1)!];
  const range = last.value - first.value;
  return stops.every(({ at, value }) => {
    const straight = (at - first.at) / (last.at - first.at) * range;
    return Math.abs(value - first.value - straight) <= 1e-3 * range;
  });
}

/** Whether two labels keep apart; both as if negative where any is, so that ±x come together. */
const fitting = (width: number, signed: boolean) => (a: Tick, b: Tick): boolean => {
  const wide = (tick: Tick) => labelWidth((signed ? "−" : "") + tick.label.replace("−", ""));
  const needed = (wide(a) + wide(b)) / 2 + GAP;
  return Math.abs(a.at - b.at) * width >= Math.max(SPACING, needed);
};

/** Multiples of 1, 2 and 5·10^k from low to high: ever fewer, ten or so at first. */
function even(low: number, high: number): number[][] {
  // Powers of ten end there.
  if (high - low < 1e-300) return [];
  const smallest = Math.floor(Math.log10((high - low) / 10));
  const steps = [0, 1, 2].flatMap((k) => [1, 2, 5].map((m) => [m, smallest + k] as const));
  return steps.map(([m, exponent]) => {
    const from = Math.ceil(times10(low, -exponent) / m - 1e-9);
    const to = Math.floor(times10(high, -exponent) / m + 1e-9);
    // + 0 turns −0 into 0.
    return Array.from(
      { length: Math.max(0, to - from + 1) },
      (_, i) => times10((from + i) * m, exponent) + 0,
    );
  }).filter((values) => values.length > 0);
}

/** 0, then ±10^k, ±5·10^k and ±2·10^k between low and high, the large before the small. */
function rounds(low: number, high: number): number[] {
  const largest = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high))));
  const powers = Array.from({ length: 9 }, (_, i) => largest - i);
  const sizes = [1, 5, 2].flatMap((m) => powers.map((power) => times10(m, power)));
  return [0, ...sizes.flatMap((size) => [-size, size])].filter((x) => x >= low && x <= high);
}

/** x·10^k, rounded as a reader of decimals would: 3·10⁻¹ is 0.3, not 0.30000000000000004. */
const times10 = (x: number, k: number) =>
  Number((k < 0 ? x / 10 ** -k : x * 10 ** k).toPrecision(12));
const rounded = (x: number) => Number(x.toPrecision(3));
