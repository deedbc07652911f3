import type { Ink, Pen } from "../chart/paper.ts";
import type { Look } from "../chart/panel.ts";

/** What is told apart in both panels, by colour (after M. Okabe, K. Ito 2002) and by kind of line. */
export type Curve = "data" | "law" | "random" | "shuffled";

const inks: Readonly<Record<"dark" | "light", Readonly<Record<Curve, Ink>>>> = {
  dark: { data: 0x56b4e9, law: 0xe69f00, random: 0x2fc79a, shuffled: 0xe08fbd },
  light: { data: 0x0072b2, law: 0xd55e00, random: 0x00805c, shuffled: 0xb0478a },
};

/** Pixels drawn and left out, for each pixel that a thin line is wide. */
export const dashes: Readonly<Record<Curve, readonly number[] | null>> = {
  data: null,
  law: [8, 5],
  random: null,
  shuffled: [1.5, 3.5],
};

export const inkOf = (ground: string, curve: Curve): Ink =>
  inks[ground === "light" ? "light" : "dark"][curve];

export function penOf(ground: string, curve: Curve, { line }: Look): Pen {
  const pattern = dashes[curve];
  const width = (curve === "random" ? 1.3 : 1.7) * line;
  return {
    ...{ ink: inkOf(ground, curve), width },
    ...(pattern ? { dashes: pattern.map((pixels) => pixels * line) } : {}),
  };
}
