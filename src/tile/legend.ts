import { RAMP } from "../compute/ops.ts";
import { BadRequest } from "../errors.ts";
import { colormaps, hex, palette } from "../modes/colour.ts";
import type { Legend } from "../modes/mode.ts";
import { drawLegend, type Theme } from "./legend_svg.ts";
import { type Tick, ticks } from "./ticks.ts";

export { drawLegend as legendSvg, type Theme } from "./legend_svg.ts";

/** A legend as `GET /legend` answers it: what the mode declared, with colours and ticks. */
export interface LegendJson extends Legend {
  readonly ramp?: NonNullable<Legend["ramp"]> & {
    readonly kind: "diverging" | "sequential" | "cyclic" | null;
    /** "#rrggbb" along the ramp as drawn: `reverse` is taken into account. */
    readonly colors: readonly string[];
    /** Round numbers, `at` being the share of the way from the first stop to the last. */
    readonly ticks: readonly Tick[];
  };
}

/** Pixels of the ramp for which ticks in JSON are spaced. */
const WIDTH = 320;

/** The legend as a plain object. Throws `BadRequest` for an unknown colour map. */
export function legendJson(legend: Legend): LegendJson {
  const { ramp, ...rest } = legend;
  if (!ramp) return rest;
  const colors = palette(ramp.colormap, ramp.reverse);
  return {
    ...rest,
    ramp: {
      ...ramp,
      kind: colormaps.find(({ name }) => name === ramp.colormap)?.kind ?? null,
      colors: Array.from({ length: RAMP }, (_, i) => hex(colors, i)),
      ticks: ticks(ramp.stops, WIDTH),
    },
  };
}

/**
 * The legend as a PNG, `density` pixels to a unit of the SVG. Letters come from the fonts of the
 * machine. Throws `BadRequest`, naming the formats that are left, where sharp cannot be loaded.
 */
export async function legendPng(
  legend: Legend,
  theme: Theme = "dark",
  density = 2,
): Promise<Uint8Array<ArrayBuffer>> {
  const svg = new TextEncoder().encode(drawLegend(legend, theme));
  const { default: sharp } = await import("sharp").catch((cause) => {
    throw new BadRequest(
      "a legend as .png needs sharp, which does not load here; .svg and .json do without",
      { parameter: "format", found: "png", allowed: ["svg", "json"] },
      cause,
    );
  });
  // An SVG has 72 units to the inch.
  const png = await sharp(svg, { density: 72 * density }).png().toBuffer();
  return new Uint8Array(png);
}
