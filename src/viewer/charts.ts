import { svg } from "./dom.ts";
import * as numbers from "./numbers.ts";

const WIDTH = 296;

export interface Bins {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

/** A histogram as filled steps; `color` gives each value's colour, `mark` a value to point at. */
export function histogram(
  { min, max, counts }: Bins,
  { log, mark, color }: { log: boolean; mark: number | null; color: (value: number) => string },
): SVGElement {
  const height = 88;
  const size = (n: number) => log ? Math.log1p(n) : n;
  const tallest = Math.max(1e-9, ...counts.map(size));
  const step = WIDTH / counts.length;
  const talls = counts.map((n) => size(n) === 0 ? 0 : Math.max(1, size(n) / tallest * height));
  // Colours may be those of the page's ground: the outline shows the shape on either.
  const outline = talls.map((tall, i) => `${i === 0 ? "M0 " : "V"}${height - tall}h${step}`);
  const bars = talls.map((tall, i) => {
    return svg("rect", {
      x: i * step,
      y: height - tall,
      width: step + 0.2,
      height: tall,
      fill: color(min + (max - min) * (i + 0.5) / counts.length),
    });
  });
  const marks = [];
  if (mark !== null && mark >= min && mark <= max) {
    const x = max > min ? (mark - min) / (max - min) * WIDTH : WIDTH / 2;
    marks.push(svg("path", { d: `M${x} 0V${height}`, class: "mark" }));
  }
  if (min < 0 && max > 0) {
    const x = -min / (max - min) * WIDTH;
    marks.push(svg("path", { d: `M${x} ${height}v4`, class: "axis" }));
    if (x > 70 && x < WIDTH - 70) marks.push(label(x, height + 14, "0", "middle"));
  }
  return chart(
    height + 18,
    `Histogram of ${counts.length} bins from ${min} to ${max}`,
    ...bars,
    svg("path", { d: outline.join(""), class: "outline" }),
    svg("path", { d: `M0 ${height}H${WIDTH}`, class: "axis" }),
    ...marks,
    label(0, height + 14, numbers.value(min, 3), "start"),
    label(WIDTH, height + 14, numbers.value(max, 3), "end"),
  );
}

/**
 * Singular values by their place from 1 on, both axes logarithmic, and where those of random numbers as large
 * would end.
 */
export function spectrum(
  values: readonly (readonly [number, number])[],
  edge: number | null,
): SVGElement {
  const height = 80, pad = 6;
  const largest = values[0]?.[1] ?? 0;
  // What rounding leaves of zeros would flatten the rest.
  const shown = values.filter(([, v]) => v > 1e-6 * largest);
  const [low, high] = [Math.log10(shown.at(-1)?.[1] ?? 1), Math.log10(largest)];
  const last = shown.at(-1)?.[0] ?? 1, far = Math.log10(Math.max(2, last));
  const down = (v: number) => pad + (high - Math.log10(v)) / (high - low || 1) * (height - 2 * pad);
  const points = shown.map(([place, v]) => ({
    x: pad + Math.log10(place) / far * (WIDTH - 2 * pad),
    y: down(v),
  }));
  const line = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`);
  // Above the line where there is no room below it.
  const beside = (y: number) => y + 12 > height - 4 ? y - 5 : y + 12;
  const isIn = edge !== null && edge > 0 && Math.log10(edge) <= high && Math.log10(edge) >= low;
  const most = `${last} largest singular values, log–log, from ${largest} to ${shown.at(-1)?.[1]}`;
  return chart(
    height + 18,
    isIn ? `The ${most}; those of random numbers would end at ${edge}` : `The ${most}`,
    svg("path", { d: `M0 ${height}H${WIDTH}`, class: "axis" }),
    ...(isIn
      ? [
        svg("path", { d: `M0 ${down(edge).toFixed(1)}H${WIDTH}`, class: "edge" }),
        label(pad, beside(down(edge)), "Marchenko–Pastur edge", "start"),
      ]
      : []),
    svg("path", { d: line.join(""), class: "line" }),
    ...points.map(({ x, y }) => svg("circle", { cx: x, cy: y, r: 2.2, class: "dot" })),
    label(0, height + 14, "1", "start"),
    label(WIDTH, height + 14, String(last), "end"),
    label(WIDTH - pad, 14, `σ₁ ${numbers.value(largest, 4)}`, "end"),
  );
}

/** Many values in order, as thin bars: at most one a pixel, each the largest of its share. */
export function bars(values: readonly number[], about: string): SVGElement {
  const height = 44;
  const columns = Math.min(values.length, Math.floor(WIDTH / 2));
  const tall = Array.from({ length: columns }, (_, i) => {
    const from = Math.floor(i * values.length / columns);
    return Math.max(...values.slice(from, Math.floor((i + 1) * values.length / columns)));
  });
  const largest = Math.max(1e-300, ...tall);
  const step = WIDTH / columns;
  const path = tall.map((v, i) => {
    const y = height - v / largest * height;
    return `M${(i * step).toFixed(2)} ${height}V${y.toFixed(1)}h${
      (step * 0.8).toFixed(2)
    }V${height}z`;
  });
  return chart(height + 2, about, svg("path", { d: path.join(""), class: "bars" }));
}

function chart(height: number, about: string, ...children: Node[]): SVGElement {
  return svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": about },
    ...children,
  );
}

function label(x: number, y: number, text: string, anchor: string): SVGElement {
  const element = svg("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}
