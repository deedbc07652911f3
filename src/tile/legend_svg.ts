import { RAMP } from "../compute/ops.ts";
import { hex, palette } from "../modes/colour.ts";
import { numeral } from "../modes/chart/numeral.ts";
import type { Legend } from "../modes/mode.ts";
import { spellNotes } from "../modes/notes.ts";
import { labelWidth, ticks } from "./ticks.ts";

export type Theme = "dark" | "light";

const themes = {
  dark: {
    panel: "#10141b",
    edge: "#262d38",
    text: "#e8edf4",
    muted: "#93a0b1",
    check: "#3a4350",
    warning: "#e0a040",
  },
  light: {
    panel: "#ffffff",
    edge: "#d9dee5",
    text: "#1a212b",
    muted: "#5d6977",
    check: "#c9d0d8",
    warning: "#9a5b00",
  },
} as const;
type Ink = (typeof themes)[Theme];

// Units of the drawing, which are CSS pixels.
const WIDTH = 360;
const MARGIN = 16;
const INNER = WIDTH - 2 * MARGIN;
const LINE = 16;
/** Letters of the small size that fit in a line. */
const LETTERS = 56;
/** Pixels that a letter of a title takes, and those between it and what stands beside it. */
const BOLD = 8.5, GAP = 8;
const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** A piece of the legend and its height. */
interface Part {
  readonly svg: string;
  readonly height: number;
}

/**
 * The legend as an SVG document: title, colour ramp with ticks or the channels, normalisation, and
 * the special colours that occur. Throws `BadRequest` for an unknown colour map.
 */
export function drawLegend(legend: Legend, theme: Theme = "dark"): string {
  const ink = themes[theme];
  const parts = [
    header(legend, ink),
    ...(legend.ramp ? [drawRamp(legend.ramp, ink)] : []),
    ...(legend.hues ? [drawHues(legend.hues, ink), words(legend.hues.about, ink)] : []),
    ...(legend.channels ?? []).map((channel, i) => drawChannel(channel, i, ink)),
    ...(legend.curves ?? []).map((curve) => drawCurve(curve, ink)),
    words(legend.normalization, ink),
    ...(legend.notes ? [words(spellNotes(legend.notes), ink)] : []),
    ...specials(legend, ink),
  ];
  let y = MARGIN;
  const placed = parts.map(({ svg, height }) => {
    const piece = `<g transform="translate(${MARGIN} ${y})">${svg}</g>`;
    y += height;
    return piece;
  });
  const height = y + MARGIN - 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title about" ` +
    `font-family="${FONT}" font-size="11">` +
    `<title id="title">${escape(legend.title)}: legend</title>` +
    `<desc id="about">${escape(describe(legend))}</desc>` +
    `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10" ` +
    `fill="${ink.panel}" stroke="${ink.edge}"/>` +
    placed.join("") + "</svg>\n";
}

function header({ title, style }: Legend, ink: Ink): Part {
  const width = style.length * 5.6 + 16;
  const accent = style === "scientific" ? ink.muted : ink.warning;
  const lines = wrap(title, Math.floor((INNER - width - GAP) / BOLD));
  return {
    height: 26 + 17 * (lines.length - 1),
    svg:
      lines.map((line, i) =>
        `<text y="${12 + 17 * i}" font-size="14" font-weight="600" fill="${ink.text}">${
          escape(line)
        }</text>`
      ).join("") +
      `<rect x="${INNER - width}" y="0" width="${width}" height="16" rx="8" fill="none" ` +
      `stroke="${accent}" stroke-opacity=".6"/>` +
      `<text x="${INNER - width / 2}" y="11.5" font-size="10" text-anchor="middle" ` +
      `fill="${accent}">${style}</text>`,
  };
}

function drawRamp({ colormap, reverse, stops }: NonNullable<Legend["ramp"]>, ink: Ink): Part {
  const colors = palette(colormap, reverse);
  // Only the colours that values can have: clipping leaves out the ends.
  const from = Math.round((stops[0]?.at ?? 0) * (RAMP - 1));
  const to = Math.round((stops.at(-1)?.at ?? 1) * (RAMP - 1));
  const steps = Math.max(1, to - from);
  const gradient = Array.from({ length: steps + 1 }, (_, i) => i).filter((i) =>
    i % 2 === 0 || i === steps
  ).map((i) => `<stop offset="${fixed(i / steps)}" stop-color="${hex(colors, from + i)}"/>`);
  const marks = ticks(stops, INNER).map(({ at, value, label }) => {
    const x = fixed(at * INNER);
    const half = labelWidth(label) / 2;
    const middle = fixed(Math.min(INNER - half + 6, Math.max(half - 6, at * INNER)));
    const strong = value === 0;
    return `<path d="M${x} 19v${strong ? 6 : 4}" stroke="${strong ? ink.text : ink.muted}"/>` +
      `<text x="${middle}" y="36" text-anchor="middle" ` +
      `fill="${strong ? ink.text : ink.muted}">${label}</text>`;
  });
  return {
    height: 48,
    svg: `<defs><linearGradient id="ramp">${gradient.join("")}</linearGradient></defs>` +
      `<rect width="${INNER}" height="16" rx="4" fill="url(#ramp)" stroke="${ink.muted}" ` +
      `stroke-opacity=".35" stroke-width=".75"/>` + marks.join(""),
  };
}

/** All hues in a strip, from −180° to 180°. */
function drawHues({ colors }: NonNullable<Legend["hues"]>, ink: Ink): Part {
  const last = Math.max(1, colors.length - 1);
  const gradient = colors.map((color, i) =>
    `<stop offset="${fixed(i / last)}" stop-color="${escape(color)}"/>`
  );
  const marks = [-180, -90, 0, 90, 180].map((angle, i) => {
    const x = fixed(i / 4 * INNER), anchor = i === 0 ? "start" : i === 4 ? "end" : "middle";
    return `<text x="${x}" y="24" text-anchor="${anchor}" fill="${ink.muted}">${
      String(angle).replace("-", "−")
    }°</text>`;
  });
  return {
    height: 36,
    svg: `<defs><linearGradient id="hues">${gradient.join("")}</linearGradient></defs>` +
      `<rect width="${INNER}" height="10" rx="4" fill="url(#hues)"/>` + marks.join(""),
  };
}

/** What a channel looks like from 0 to 255. */
const pure = { R: "#ff4b4b", G: "#3ddc70", B: "#4f8cff", A: "#ffffff" } as const;

function drawChannel(
  { name, channel, about }: NonNullable<Legend["channels"]>[number],
  index: number,
  ink: Ink,
): Part {
  const id = `channel${index}`;
  const clear = channel === "A";
  const squares = clear
    ? Array.from({ length: 16 }, (_, i) => {
      const [x, y] = [i >> 1, i & 1];
      return (x + y) % 2 === 0
        ? ""
        : `<rect x="${x * 7}" y="${y * 6}" width="7" height="6" fill="${ink.check}"/>`;
    }).join("")
    : "";
  return {
    height: 34,
    svg: `<defs><linearGradient id="${id}">` +
      `<stop offset="0" stop-color="${clear ? pure.A : "#000"}" stop-opacity="${clear ? 0 : 1}"/>` +
      `<stop offset="1" stop-color="${pure[channel]}"/></linearGradient></defs>` + squares +
      `<rect width="56" height="12" rx="3" fill="url(#${id})" stroke="${ink.muted}" ` +
      `stroke-opacity=".35" stroke-width=".75"/>` +
      `<text x="68" y="10" fill="${ink.text}"><tspan font-weight="600">${channel}</tspan> ` +
      `${escape(name)}</text><text x="68" y="24" fill="${ink.muted}">${escape(about)}</text>`,
  };
}

/** Pixels drawn and left out of each kind of line. */
const dashes = { solid: "", dashed: "8 5", dotted: "2 3" } as const;

function drawCurve(
  { name, color, line, about, figures }: NonNullable<Legend["curves"]>[number],
  ink: Ink,
): Part {
  const known = Object.entries(figures).filter(([, value]) => value !== null);
  const lines = wrap(known.map(([name, value]) => `${name} ${numeral(value!)}`).join(", "), 46);
  const figuresText = known.length === 0 ? [] : lines;
  return {
    height: 34 + figuresText.length * 14,
    svg: `<path d="M0 7h26" stroke="${escape(color)}" stroke-width="2" ` +
      `stroke-dasharray="${dashes[line]}"/>` +
      `<text x="38" y="11" fill="${ink.text}" font-weight="600">${escape(name)}</text>` +
      `<text x="38" y="25" fill="${ink.muted}">${escape(about)}</text>` +
      figuresText.map((text, i) =>
        `<text x="38" y="${39 + 14 * i}" fill="${ink.text}">${escape(text)}</text>`
      ).join(""),
  };
}

function words(text: string, ink: Ink): Part {
  const lines = wrap(text, LETTERS);
  return {
    height: lines.length * LINE + 4,
    svg: lines.map((line, i) =>
      `<text y="${i * LINE + 10}" fill="${ink.muted}">${escape(line)}</text>`
    ).join(""),
  };
}

/** A swatch and a count for each special value that occurs. */
function specials({ special }: Legend, ink: Ink): Part[] {
  const occurring = special.filter(({ count }) => count > 0);
  if (occurring.length === 0) return [];
  let x = 0;
  const svg = occurring.map(({ name, color, count }) => {
    const words = `${name} ${grouped(count)}`;
    const piece = `<rect x="${x}" y="2" width="11" height="11" rx="2.5" fill="${escape(color)}" ` +
      `stroke="${ink.muted}" stroke-opacity=".5" stroke-width=".75"/>` +
      `<text x="${x + 17}" y="11.5" fill="${ink.text}">${escape(words)}</text>`;
    x += 17 + words.length * 6.6 + 14;
    return piece;
  });
  return [{ height: 20, svg: svg.join("") }];
}

/** The legend in a sentence, for those who hear it. */
function describe(
  { style, normalization, ramp, hues, channels, curves, special, notes }: Legend,
): string {
  const marks = ramp ? ticks(ramp.stops, INNER) : [];
  const range = marks.length > 0
    ? `Colour map ${ramp!.colormap}, marked ${marks.map(({ label }) => label).join(", ")}.`
    : "";
  const packed = (channels ?? []).map(({ channel, name }) => `${channel}: ${name}.`).join(" ");
  const drawn = (curves ?? []).map(({ name, line, about }) => `${name}, ${line}: ${about}.`)
    .join(" ");
  const odd = special.filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name}: ${grouped(count)}.`).join(" ");
  const turned = hues ? `Hue: ${hues.about}.` : "";
  const found = notes ? `Found: ${spellNotes(notes)}.` : "";
  const how = [`Normalisation: ${normalization}.`, `Mode: ${style}.`];
  return [range, turned, packed, drawn, ...how, odd, found]
    .filter((part) => part !== "").join(" ");
}

/** Lines of so many letters at most; words that are longer are cut. */
function wrap(text: string, letters: number): string[] {
  const lines = [""];
  const cut = new RegExp(`.{1,${letters}}`, "gu");
  for (const word of text.split(" ").flatMap((word) => word.match(cut) ?? [word])) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > letters) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

const fixed = (x: number) => String(Number(x.toFixed(3)));
const grouped = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u2009");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string) => text.replace(/[&<>"']/g, (c) => entities[c]!);
