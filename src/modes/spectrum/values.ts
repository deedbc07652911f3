import type { Bulk } from "../../analysis/marchenko_pastur.ts";
import type { Spectra, Summarised } from "../../analysis/summary.ts";
import { numberAt } from "../chart/axis.ts";
import { numeral } from "../chart/numeral.ts";
import { drawGrid, type Entry, type Look, type Panel, pathOf, pointOf } from "../chart/panel.ts";
import type { Frame, Ink, Paper, Point } from "../chart/paper.ts";
import { type Curve, penOf } from "./inks.ts";

/** A layer that has singular values. */
export interface Found extends Summarised {
  readonly spectra: Spectra;
}

/** Share of the largest below which a singular value is what rounding leaves of zero. */
export const ROUNDING = 1e-6;
/** The least that is shown, as a share of the largest. */
const LEAST = 1e-9;

/** The Marchenko–Pastur bulk of a layer, and how many eigenvalues there are; null where it would be of rounding. */
export function randomOf({ summary, spectra }: Found): { bulk: Bulk; side: number } | null {
  const { sigma_mp: sigma, bulk_min: lower, bulk_max: upper, num_spikes: spikes } = summary;
  if (sigma === null || lower === null || upper === null || spikes === null) return null;
  if (!(Math.sqrt(upper) > ROUNDING * spectra.values[0]!)) return null;
  return { bulk: { sigma, lower, upper, spikes }, side: spectra.values.length };
}

/** How many of some singular values are more than rounding. */
export const rankOf = ({ values }: Spectra): number =>
  values.findLastIndex((value) => value > ROUNDING * values[0]!) + 1;

/** Singular values by their place, both axes logarithmic; null where all are zero. */
export function valuesPanel(frame: Frame, spectra: Spectra): Panel | null {
  const { values, shuffled } = spectra, largest = values[0] ?? 0;
  if (!(largest > 0)) return null;
  const shown = values.filter((value) => value > LEAST * largest);
  const top = Math.max(largest, shuffled?.[0] ?? 0), low = shown.at(-1)!;
  const margin = Math.max(1.25, (top / low) ** 0.06);
  return {
    frame,
    x: { kind: "log", from: 0.9, to: Math.max(2, values.length) * 1.12, whole: true },
    y: { kind: "log", from: low / margin, to: top * margin },
  };
}

/** What there is to say of the curves; the first is that of the layer. */
export function valuesKey(ground: string, found: Found, look: Look): Entry[] {
  const { summary, spectra } = found, random = randomOf(found);
  const { values, isFull, shuffled } = spectra, rank = rankOf(spectra);
  const { shape, stable_rank, alpha, xmin, D } = summary;
  const side = Math.min(shape[0]!, summary.count / shape[0]!);
  const all = values.length === 1 ? "1 singular value" : `${values.length} singular values`;
  const count = isFull ? all : `the ${values.length} largest of ${side}`;
  const ranks = rank < values.length ? `, ${rank} above rounding` : "";
  const entry = (curve: Curve, shape: Entry["shape"], text: string) => {
    return { pen: penOf(ground, curve, look), shape, text };
  };
  return [
    entry("data", "dots", `${count}${ranks}; stable rank ${numeral(stable_rank ?? 0, 3)}`),
    ...(alpha !== null && xmin !== null && D !== null
      ? [entry("law", "line", `power law: alpha ${numeral(alpha, 3)}, D ${numeral(D, 2)}`)]
      : []),
    ...(random
      ? [
        entry(
          "random",
          "line",
          `Marchenko–Pastur edge ${
            numeral(Math.sqrt(random.bulk.upper), 3)
          }; ${random.bulk.spikes} above`,
        ),
      ]
      : []),
    ...(shuffled ? [entry("shuffled", "line", `shuffled: σ₁ ${numeral(shuffled[0]!, 3)}`)] : []),
  ];
}

/** Draws the curves. */
export function drawValues(
  paper: Paper,
  panel: Panel,
  found: Found,
  ground: string,
  look: Look,
): void {
  const { summary, spectra } = found, random = randomOf(found);
  const { frame, x, y } = panel, { values, shuffled } = spectra;
  const pen = (curve: Curve) => penOf(ground, curve, look);
  const floor = ROUNDING * values[0]!;
  if (floor > y.from) {
    const [, top] = pointOf(panel, [1, floor]);
    paper.fill([{ ...frame, top }], look.muted, 0.1);
  }
  drawGrid(paper, panel, look);
  if (floor > y.from && look.words) {
    const [, top] = pointOf(panel, [1, floor]);
    const said = "below σ₁·10⁻⁶: rounding", { letter, muted: ink } = look;
    paper.text(said, frame.right - letter, top + 2 * letter, { size: letter, ink, from: "end" });
  }
  const byPlace = (all: ArrayLike<number>): Point[] =>
    Array.from(all, (value, i): Point => [i + 1, value]).filter(([, value]) => value > 0);
  if (random) {
    const edge = Math.sqrt(random.bulk.upper);
    paper.lines([pathOf(panel, [[x.from, edge], [x.to, edge]])], pen("random"), frame);
  }
  if (shuffled) paper.lines([pathOf(panel, byPlace(shuffled))], pen("shuffled"), frame);
  const points = pathOf(panel, byPlace(values));
  paper.lines([points], { ...pen("data"), opacity: 0.55 }, frame);
  drawDots(paper, points, frame, look, pen("data").ink);
  const law = powerLaw(summary);
  if (law) {
    paper.lines([pathOf(panel, law)], pen("law"), frame);
    const end = pointOf(panel, law[1]), { line } = look;
    paper.dots([end], 4 * line, pen("law").ink, frame);
    paper.dots([end], 2.2 * line, look.ground, frame);
  }
  paper.number(frame, (at) => values[placeAt(panel, values.length, at) - 1] ?? NaN);
}

/** Draws dots: small ones where neighbours would hide each other. */
function drawDots(
  paper: Paper,
  points: readonly Point[],
  frame: Frame,
  look: Look,
  ink: Ink,
): void {
  const { line } = look, apart = 6 * line;
  const isNear = (a: Point | undefined, b: Point) =>
    a !== undefined && Math.hypot(a[0] - b[0], a[1] - b[1]) < apart;
  const crowded = new Set(
    points.filter((point, i) => isNear(points[i - 1], point) || isNear(points[i + 1], point)),
  );
  paper.dots([...crowded], 1.5 * line, ink, frame);
  paper.dots(points.filter((point) => !crowded.has(point)), 3 * line, ink, frame);
}

/** The i-th singular value of as many as follow the power law λ^−α from xmin on: its first and its last. */
function powerLaw({ alpha, xmin, num_pl_spikes }: Summarised["summary"]): [Point, Point] | null {
  if (alpha === null || xmin === null || num_pl_spikes === null) return null;
  const least = Math.sqrt(xmin);
  return [[1, least * num_pl_spikes ** (1 / (2 * (alpha - 1)))], [num_pl_spikes, least]];
}

/** Place, from 1 on, of the singular value that is nearest to a column of the image. */
export function placeAt({ frame, x }: Panel, count: number, at: number): number {
  const share = (at - frame.left) / (frame.right - frame.left);
  return Math.max(1, Math.min(count, Math.round(numberAt(x, share))));
}
