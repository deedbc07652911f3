import { marchenkoPastur } from "../../analysis/marchenko_pastur.ts";
import type { Summary } from "../../analysis/summary.ts";
import { type Axis, numberAt, shareOf } from "../chart/axis.ts";
import { numeral } from "../chart/numeral.ts";
import { drawGrid, type Entry, type Look, type Panel, pathOf, pointOf } from "../chart/panel.ts";
import type { Frame, Paper, Path, Point } from "../chart/paper.ts";
import type { Reading } from "../chart/mode.ts";
import { type Curve, penOf } from "./inks.ts";
import { type Found, randomOf, ROUNDING } from "./values.ts";

/** Bins at least and at most at zooms up to 2; every further one has twice as many, while they hold some each. */
const FEWEST = 8, MOST = 64;
/** By how much smaller eigenvalues may be than the hundredth from below and still be shown. */
const FAR = 30;
/** Points of a curve. */
const POINTS = 400;

/** Eigenvalues in bins that are evenly wide on an axis. */
export interface Bins {
  readonly counts: Uint32Array;
  /** Share of all eigenvalues per decade, or per unit of a linear axis. */
  readonly density: Float64Array;
}

/** Eigenvalues λ = σ² of which there is more than rounding, largest first. */
const eigenvaluesOf = (sigmas: Float64Array): Float64Array => {
  const least = ROUNDING * sigmas[0]!;
  return sigmas.filter((sigma) => sigma > least).map((sigma) => sigma ** 2);
};

/** Bins at zoom z for so many eigenvalues. */
export function binsAt(count: number, z: number): number {
  const some = 2 ** Math.round(Math.log2(2 * Math.sqrt(count)));
  const base = Math.max(FEWEST, Math.min(MOST, some));
  const most = Math.max(base, 2 ** Math.floor(Math.log2(count / 2)));
  return Math.min(most, base * 2 ** Math.max(0, Math.round(z) - 2));
}

/** Counts eigenvalues; of `all`, those beyond the axis or mere rounding are in no bin. */
export function binned(axis: Axis, eigenvalues: Float64Array, all: number, bins: number): Bins {
  const counts = new Uint32Array(bins);
  for (const value of eigenvalues) {
    const bin = Math.floor(shareOf(axis, value) * bins);
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  const length = axis.kind === "log" ? Math.log10(axis.to / axis.from) : axis.to - axis.from;
  return { counts, density: Float64Array.from(counts, (n) => n / all / (length / bins)) };
}

/** The panel of a full spectrum; null where all of it is zero. */
export function densityPanel(frame: Frame, found: Found, kind: Axis["kind"]): Panel | null {
  const { values, shuffled } = found.spectra, law = randomOf(found);
  if (!(values[0]! > 0)) return null;
  const own = eigenvaluesOf(values), random = shuffled && eigenvaluesOf(shuffled);
  const high = Math.max(own[0]!, random?.[0] ?? 0, law?.bulk.upper ?? 0);
  // The smallest few may be far away.
  const low = Math.min(
    ...[own, random ?? own].map((all) =>
      Math.max(all.at(-1)!, all[Math.floor(0.99 * (all.length - 1))]! / FAR)
    ),
  );
  const x: Axis = kind === "log" ? widened(low, high) : { kind, from: 0, to: high * 1.05 };
  const bins = binsAt(values.length, 0);
  const heights = [own, random ?? own].flatMap((all) => [
    ...binned(x, all, values.length, bins).density,
  ]);
  // On a linear axis the law of a square matrix begins at infinity.
  const curve = law && kind === "log" ? randomCurve(law, x).map(([, height]) => height) : [];
  const tallest = Math.max(...heights, ...curve);
  return { frame, x, y: { kind: "linear", from: 0, to: tallest * 1.12 } };
}

function widened(low: number, high: number): Axis {
  const margin = Math.max(1.3, (high / low) ** 0.06);
  return { kind: "log", from: low / margin, to: high * margin };
}

const perWhat = ({ kind }: Axis) => kind === "log" ? "per decade" : "per unit";

/** What there is to say of the curves. */
export function densityKey(
  ground: string,
  found: Found,
  look: Look,
  { x }: Panel,
): Entry[] {
  const { summary, spectra } = found, random = randomOf(found);
  const { alpha, xmin, mp_softrank, rand_distance } = summary;
  const entry = (curve: Curve, shape: Entry["shape"], text: string) => {
    return { pen: penOf(ground, curve, look), shape, text };
  };
  const all = spectra.values.length;
  const shown = eigenvaluesOf(spectra.values).filter((value) => value >= x.from).length;
  const rest = shown < all ? `; ${all - shown} left out` : "";
  return [
    entry("data", "bars", `λ = σ², share ${perWhat(x)}${rest}`),
    ...(alpha !== null && xmin !== null
      ? [entry("law", "line", `power law from xmin ${numeral(xmin, 3)} on`)]
      : []),
    ...(random && mp_softrank !== null
      ? [
        entry(
          "random",
          "line",
          `Marchenko–Pastur: σ ${numeral(random.bulk.sigma, 3)}, softrank ${
            numeral(mp_softrank, 3)
          }`,
        ),
      ]
      : []),
    ...(spectra.shuffled
      ? [
        entry(
          "shuffled",
          "line",
          `shuffled${rand_distance === null ? "" : `: rand distance ${numeral(rand_distance, 3)}`}`,
        ),
      ]
      : []),
  ];
}

/** Draws bars, the outline of those of the shuffled numbers, the laws, and a tick for each eigenvalue. */
export function drawDensity(
  paper: Paper,
  panel: Panel,
  found: Found,
  ground: string,
  look: Look,
  z: number,
): void {
  const { summary, spectra } = found, random = randomOf(found);
  const { frame, x } = panel, { values, shuffled } = spectra, all = values.length;
  const count = binsAt(all, z), own = eigenvaluesOf(values);
  const bars = binned(x, own, all, count), outline = outlineOf(panel, bars);
  const pen = (curve: Curve) => penOf(ground, curve, look);
  drawGrid(paper, panel, look);
  paper.fill(outline.bars, pen("data").ink, 0.3, frame);
  paper.lines([outline.path], { ...pen("data"), opacity: 0.9 }, frame);
  if (shuffled) {
    const others = binned(x, eigenvaluesOf(shuffled), all, count);
    paper.lines([outlineOf(panel, others).path], pen("shuffled"), frame);
  }
  if (random) {
    paper.lines([pathOf(panel, randomCurve(random, x))], pen("random"), frame);
    const edge = pointOf(panel, [random.bulk.upper, 0])[0];
    const mark: Path = [[edge, frame.bottom], [edge, frame.top]];
    paper.lines([mark], { ...pen("random"), opacity: 0.5, width: look.line }, frame);
  }
  const law = lawCurve(summary, all, x);
  if (law.length > 0) {
    paper.lines([pathOf(panel, law)], pen("law"), frame);
    const start = pointOf(panel, law[0]!), { line } = look;
    paper.dots([start], 4 * line, pen("law").ink, frame);
    paper.dots([start], 2.2 * line, look.ground, frame);
  }
  const tall = 0.9 * look.letter;
  const rug = Array.from(own, (value): Path => {
    const at = pointOf(panel, [value, 0])[0];
    return [[at, frame.bottom - tall], [at, frame.bottom]];
  });
  paper.lines(rug, { ink: pen("data").ink, width: look.line, opacity: 0.8 }, frame);
  paper.number(frame, (at) => bars.density[binAt(panel, count, at)] ?? NaN);
}

/** The bin that a column of the image lies in. */
export const binAt = ({ frame: { left, right } }: Panel, count: number, at: number): number =>
  Math.max(0, Math.min(count - 1, Math.floor((at - left) / (right - left) * count)));

function outlineOf(panel: Panel, { density }: Bins): { bars: Frame[]; path: Path } {
  const { frame: { left, right, bottom }, x } = panel, bars: Frame[] = [], path: Point[] = [];
  const edge = (i: number) => left + (right - left) * i / density.length;
  for (const [i, height] of density.entries()) {
    const top = pointOf(panel, [x.from, height])[1];
    if (height > 0) bars.push({ left: edge(i), right: edge(i + 1), top, bottom });
    path.push([edge(i), top], [edge(i + 1), top]);
  }
  return { bars, path };
}

/** What a density at λ is on an axis: per decade, or per unit. */
const perUnit = ({ kind }: Axis, density: number, lambda: number): number =>
  kind === "log" ? density * lambda * Math.LN10 : density;

/** The Marchenko–Pastur law of the bulk, of the share of eigenvalues that it is of. */
function randomCurve({ bulk, side }: NonNullable<ReturnType<typeof randomOf>>, x: Axis): Point[] {
  const share = 1 - bulk.spikes / side;
  const [from, to] = [
    Math.max(0, shareOf(x, Math.max(bulk.lower, x.from))),
    shareOf(x, bulk.upper),
  ];
  return Array.from({ length: POINTS + 1 }, (_, i): Point => {
    // Closer together at both ends, where it is steep.
    const at = from + (to - from) * (1 - Math.cos(Math.PI * i / POINTS)) / 2;
    const lambda = numberAt(x, at);
    return [lambda, perUnit(x, share * marchenkoPastur(bulk, side, lambda), lambda)];
  });
}

/** The power law, of the share of eigenvalues that follow it. */
function lawCurve(summary: Summary, all: number, x: Axis): Point[] {
  const { alpha, xmin, num_pl_spikes } = summary;
  if (alpha === null || xmin === null || num_pl_spikes === null) return [];
  const [from, to] = [shareOf(x, xmin), 1];
  return Array.from({ length: POINTS + 1 }, (_, i): Point => {
    const lambda = numberAt(x, from + (to - from) * i / POINTS);
    const density = num_pl_spikes / all * (alpha - 1) / xmin * (lambda / xmin) ** -alpha;
    return [lambda, perUnit(x, density, lambda)];
  });
}

/** The bin at a column of the image. */
export function readDensity(panel: Panel, { spectra }: Found, z: number, at: number): Reading {
  const all = spectra.values.length, count = binsAt(all, z), place = binAt(panel, count, at);
  const own = eigenvaluesOf(spectra.values);
  const { density } = binned(panel.x, own, all, count);
  const held = own.filter((value) => Math.floor(shareOf(panel.x, value) * count) === place);
  const edge = (bin: number) => numeral(numberAt(panel.x, bin / count), 3);
  const mean = held.reduce((sum, value) => sum + value, 0) / held.length;
  const variance = held.reduce((sum, value) => sum + (value - mean) ** 2, 0) / held.length;
  return {
    name: `${held.length} λ from ${edge(place)} to ${edge(place + 1)}, share ${perWhat(panel.x)}`,
    place,
    value: density[place]!,
    of: held.length === 0
      ? { mean: null, variance: null, min: null, max: null, count: 0 }
      : { mean, variance, min: held.at(-1)!, max: held[0]!, count: held.length },
  };
}
