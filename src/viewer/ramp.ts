import * as api from "./api.ts";
import type { Colormap, Legend } from "./api.ts";

type Stops = NonNullable<Legend["ramp"]>["stops"];

let asked: Promise<Map<string, Colormap>> | null = null;

/** The server's colour maps by name. */
export function colormaps(): Promise<Map<string, Colormap>> {
  asked ??= api.colormaps().then((list) => new Map(list.map((map) => [map.name, map])));
  asked.catch(() => asked = null);
  return asked;
}

/** A ramp as a CSS gradient from left to right. */
export function gradient(colors: readonly string[], reverse = false): string {
  return `linear-gradient(to right, ${(reverse ? colors.toReversed() : colors).join(", ")})`;
}

/** The colour at a position of a ramp, 0..1, between the two nearest. */
export function colorAt(colors: readonly string[], at: number, reverse = false): string {
  const place = Math.min(1, Math.max(0, reverse ? 1 - at : at)) * (colors.length - 1);
  const [from, to] = [colors[Math.floor(place)], colors[Math.ceil(place)]];
  if (!from || !to) return "transparent";
  const share = place - Math.floor(place);
  const mixed = [1, 3, 5].map((i) => {
    const [a, b] = [from, to].map((color) => parseInt(color.slice(i, i + 2), 16)) as [
      number,
      number,
    ];
    return Math.round(a + (b - a) * share);
  });
  return `rgb(${mixed.join(" ")})`;
}

/** Position on the ramp of a value, clamped to 0..1; the inverse of `valueAt`. */
export function positionOf(stops: Stops, value: number): number {
  const [first, last] = [stops[0], stops.at(-1)];
  if (!first || !last) return 0.5;
  if (value <= first.value) return value < first.value ? 0 : first.at;
  if (value >= last.value) return value > last.value ? 1 : last.at;
  const i = stops.findIndex((stop) => stop.value >= value);
  const [a, b] = [stops[i - 1]!, stops[i]!];
  return a.at + (b.at - a.at) * (value - a.value) / (b.value - a.value || 1);
}

/** Value at a share 0..1 of the way along the stops. */
export function valueAt(stops: Stops, share: number): number {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [stops[i], stops[i + 1]];
  if (!a || !b) return a?.value ?? 0;
  return a.value + (b.value - a.value) * (place - i);
}
