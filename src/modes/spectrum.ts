import { SINGULAR_ELEMENTS, type Summarised, type Summary } from "../analysis/summary.ts";
import { BadRequest } from "../errors.ts";
import { TILE } from "../field/plane.ts";
import { drawKey, grounds, type Look, lookOf, type Panel } from "./chart/panel.ts";
import { type Frame, Paper } from "./chart/paper.ts";
import type { ChartMode } from "./chart/mode.ts";
import type { Legend, Options } from "./mode.ts";
import { densityKey, densityPanel, drawDensity, readDensity } from "./spectrum/density.ts";
import { type Curve, inkOf } from "./spectrum/inks.ts";
import {
  drawValues,
  type Found,
  placeAt,
  randomOf,
  valuesKey,
  valuesPanel,
} from "./spectrum/values.ts";

/** Zoom levels: the image of the last is 32,768 pixels wide. */
const ZOOMS = 7;

type Shown = "values" | "density";

/** What is drawn where, in units of which the image is 1024 wide. */
const layouts: Readonly<Record<string, { height: number; panels: Partial<Record<Shown, Frame>> }>> =
  {
    both: {
      height: 584,
      panels: {
        values: { left: 68, right: 500, top: 134, bottom: 530 },
        density: { left: 576, right: 1000, top: 134, bottom: 530 },
      },
    },
    values: { height: 704, panels: { values: { left: 76, right: 992, top: 138, bottom: 652 } } },
    density: { height: 704, panels: { density: { left: 76, right: 992, top: 138, bottom: 652 } } },
  };
const UNITS = 1024;

/** A layer's singular values and the density of their squares, beside what random numbers would have. */
export const spectrum: ChartMode = {
  chart: true,
  name: "spectrum",
  title: "Spectrum",
  about:
    "Singular values and the density of their squares, with the power law that fits them, the " +
    "Marchenko–Pastur law of random numbers, and the same numbers shuffled.",
  overzoom: 0,
  cells: false,
  readable: true,
  costly: true,
  parameters: [
    {
      name: "show",
      title: "Show",
      about: "Singular values by place, the density of eigenvalues λ = σ², or both.",
      type: "choice",
      default: "both",
      choices: ["both", "values", "density"],
    },
    {
      name: "spacing",
      title: "Eigenvalues",
      about: "How eigenvalues are spaced in their density: by their logarithm, or evenly.",
      type: "choice",
      default: "log",
      choices: ["log", "linear"],
    },
    {
      name: "ground",
      title: "Ground",
      about: "What it is drawn on.",
      type: "choice",
      default: "dark",
      choices: ["dark", "light"],
      themed: true,
    },
  ],

  missing({ main: { shape } }) {
    const count = shape.reduce((product, side) => product * side, 1);
    if (shape.length < 2) return "a tensor of two axes or more";
    if (count === 0) return "elements: this tensor has none";
    return count > SINGULAR_ELEMENTS
      ? `at most ${SINGULAR_ELEMENTS} elements, of which it has ${count}`
      : null;
  },

  extent({ show }) {
    const width = TILE * 2 ** ZOOMS;
    return { width, height: width * layouts[String(show)]!.height / UNITS };
  },

  legend: legendOf,

  prepare(options, measured) {
    const found = foundOf(measured), ground = String(options.ground);
    return (sight) => {
      const paper = new Paper(sight, grounds[ground]!.ground),
        look = lookOf(grounds[ground]!, sight);
      for (const [shown, frame] of framesOf(options, sight.size)) {
        if (!paper.sees(outside(frame))) continue;
        drawPanel(paper, shown, frame, options, found, look);
      }
      return { kind: "rgba", pixels: paper.pixels, values: paper.values };
    };
  },

  read(options, measured, { x, size }) {
    const found = foundOf(measured), { values } = found.spectra;
    const away = ([, { left, right }]: [Shown, Frame]) => Math.max(left - x, x - right, 0);
    const [near] = framesOf(options, size).sort((a, b) => away(a) - away(b));
    const [shown, frame] = near!, panel = panelOf(shown, frame, options, found);
    if (!panel) return null;
    if (shown === "density") return readDensity(panel, found, zoomOf(size), x);
    const place = placeAt(panel, values.length, x) - 1, value = values[place]!;
    const of = { mean: value, variance: 0, min: value, max: value, count: 1 };
    return { name: `σ, place ${place + 1} of ${values.length}`, place, value, of };
  },
};

/** Throws `BadRequest` where there are no singular values. */
function foundOf({ summary, spectra }: Summarised): Found {
  if (spectra) return { summary, spectra };
  const { count, nan, inf } = summary;
  throw new BadRequest(
    nan + inf > 0
      ? `it has no singular values: of its ${count} numbers ${nan + inf} are not finite`
      : `its singular values are not found: its ${count} numbers cannot be read row by row`,
    { nan, inf, count },
  );
}

const zoomOf = (size: number): number => Math.log2(size / TILE);

/** Panels that are shown, in pixels of an image. */
function framesOf({ show }: Options, size: number): [Shown, Frame][] {
  const unit = size / UNITS;
  return Object.entries(layouts[String(show)]!.panels).map(([shown, frame]) => {
    const { left, right, top, bottom } = frame;
    const scaled = {
      left: left * unit,
      right: right * unit,
      top: top * unit,
      bottom: bottom * unit,
    };
    return [shown as Shown, scaled];
  });
}

/** With what is written around it. */
function outside({ left, right, top, bottom }: Frame): Frame {
  const width = right - left;
  return { left: left - width, right: right + width, top: top - width, bottom: bottom + width };
}

function panelOf(shown: Shown, frame: Frame, options: Options, found: Found): Panel | null {
  const isLog = options.spacing === "log";
  if (shown === "values") return valuesPanel(frame, found.spectra);
  return found.spectra.isFull ? densityPanel(frame, found, isLog ? "log" : "linear") : null;
}

function drawPanel(
  paper: Paper,
  shown: Shown,
  frame: Frame,
  options: Options,
  found: Found,
  look: Look,
): void {
  const panel = panelOf(shown, frame, options, found), ground = String(options.ground);
  const { left, right, top, bottom } = frame, { letter, words } = look;
  const { size, density } = paper.sight;
  if (words) {
    const title = shown === "values" ? "Singular values σ by place" : "Density of eigenvalues";
    // Room for four curves' names.
    const first = top - letter * (1.4 + 3 * 1.9);
    paper.text(title, left, first - 2.3 * letter, {
      ...{ size: 1.2 * letter, ink: look.text, bold: true },
    });
    if (panel) {
      const keys = shown === "values"
        ? valuesKey(ground, found, look)
        : densityKey(ground, found, look, panel);
      drawKey(paper, keys, [left, first], look);
      const lettering = { size: letter, ink: look.muted, from: "end" } as const;
      paper.text(shown === "values" ? "place" : "λ", right, bottom + 3.7 * letter, lettering);
    }
  }
  if (!panel) {
    const lettering = { size: letter, ink: look.muted, from: "middle" } as const;
    const { values, isFull } = found.spectra;
    const said = isFull
      ? `all ${values.length} singular values are 0`
      : `of so large a matrix only the ${values.length} largest are found`;
    paper.text(said, (left + right) / 2, (top + bottom) / 2, lettering);
    return;
  }
  if (shown === "values") drawValues(paper, panel, found, ground, look);
  else drawDensity(paper, panel, found, ground, look, zoomOf(size / density));
}

function legendOf(options: Options, measured: Summarised): Legend {
  const found = foundOf(measured), { summary, spectra } = found, ground = String(options.ground);
  const pick = (...names: (keyof Summary)[]) =>
    Object.fromEntries(names.map((name) => [name, summary[name] as number | null]));
  const curve = (kind: Curve, line: "solid" | "dashed" | "dotted", name: string, about: string) => {
    const color = `#${inkOf(ground, kind).toString(16).padStart(6, "0")}`;
    return { name, color, line, about };
  };
  const known = spectra.isFull ? "all" : "the largest";
  return {
    title: "Spectrum",
    style: "scientific",
    normalization: `${known} ${spectra.values.length} singular values σ of the matrix ` +
      "[first axis, all others]; eigenvalues λ = σ²",
    curves: [
      {
        ...curve("data", "solid", "singular values", "σ by place, and the share of λ in each bin"),
        figures: pick("spectral_norm", "frobenius", "stable_rank", "effective_rank"),
      },
      ...(summary.alpha === null ? [] : [{
        ...curve("law", "dashed", "power law", "of the eigenvalues from xmin on: λ to the −alpha"),
        figures: pick("alpha", "xmin", "D", "sigma", "num_pl_spikes", "alpha_weighted"),
      }]),
      ...(randomOf(found) === null ? [] : [{
        ...curve("random", "solid", "Marchenko–Pastur", "what independent numbers would have"),
        figures: pick("sigma_mp", "bulk_min", "bulk_max", "num_spikes", "mp_softrank"),
      }]),
      ...(spectra.shuffled === null ? [] : [{
        ...curve("shuffled", "dotted", "shuffled", "the same numbers in another order"),
        figures: pick("max_rand_eval", "num_rand_spikes", "rand_distance"),
      }]),
    ],
    special: [],
  };
}
