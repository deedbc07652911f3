import type { Path } from "./paper.ts";

/**
 * A face of single strokes, drawn by a pen of any width. A letter is its width, then strokes on a grid whose
 * baseline is at 10, whose capitals are 10 tall and small letters 6.8: `M x y` begins one, `L x y` goes on
 * straight, `Q cx cy x y` in a parabola, `A cx cy rx ry from to` along an ellipse in degrees, clockwise from the
 * right.
 */
const faces: Readonly<Record<string, string>> = {
  "0": "6 A 3 3 3 3 180 360 A 3 7 3 3 0 180 L 0 3",
  "1": "6 M 1 2.4 L 3.8 0 L 3.8 10",
  "2": "6 A 3 3 2.9 3 185 398 L 0 10 L 6 10",
  "3": "6 A 3 2.4 2.5 2.4 200 450 A 3 7.3 2.9 2.7 270 522",
  "4": "6.4 M 4.7 10 L 4.7 0 L 0 7.2 L 6.4 7.2",
  "5": "6 M 5.4 0 L .9 0 L .6 4.7 A 2.9 6.8 3.1 3.2 222 512",
  "6": "6 M 4.4 0 Q 0 3.6 0 7 A 3 7 3 3 180 540",
  "7": "6 M 0 0 L 6 0 L 2.2 10",
  "8": "6 A 3 2.4 2.4 2.4 90 450 A 3 7.4 2.9 2.6 -90 270",
  "9": "6 M 1.6 10 Q 6 6.4 6 3 A 3 3 3 3 0 360",
  "a": "5.2 A 2.6 6.6 2.6 3.4 0 360 M 5.2 3.2 L 5.2 10",
  "b": "5.2 M 0 0 L 0 10 M 0 6.6 A 2.6 6.6 2.6 3.4 180 540",
  "c": "4.8 A 2.8 6.6 2.8 3.4 -48 -312",
  "d": "5.2 A 2.6 6.6 2.6 3.4 0 360 M 5.2 0 L 5.2 10",
  "e": "5.4 M 0 6.6 L 5.4 6.6 A 2.7 6.6 2.7 3.4 0 -312",
  "f": "3.4 M 3.6 .1 Q 1.4 -.3 1.4 2.6 L 1.4 10 M 0 3.4 L 3.4 3.4",
  "g": "5.2 A 2.6 6.6 2.6 3.4 0 360 M 5.2 3.2 L 5.2 10 A 2.6 10.2 2.6 2.8 0 145",
  "h": "5 M 0 0 L 0 10 M 0 6 A 2.5 6 2.5 2.8 180 360 L 5 10",
  "i": "0 M 0 3.2 L 0 10 M 0 .5 L 0 .7",
  "j": "1 M 1 3.2 L 1 11 Q 1 13 -.8 12.9 M 1 .5 L 1 .7",
  "k": "4.6 M 0 0 L 0 10 M 4.3 3.2 L 0 7.4 M 1.6 5.9 L 4.6 10",
  "l": "0 M 0 0 L 0 10",
  "m":
    "8.2 M 0 3.2 L 0 10 M 0 5.6 A 2.05 5.5 2.05 2.3 180 360 L 4.1 10 M 4.1 5.6 A 6.15 5.5 2.05 2.3 180 360 L 8.2 10",
  "n": "5 M 0 3.2 L 0 10 M 0 6 A 2.5 6 2.5 2.8 180 360 L 5 10",
  "o": "5.4 A 2.7 6.6 2.7 3.4 0 360",
  "p": "5.2 M 0 3.2 L 0 13 M 0 6.6 A 2.6 6.6 2.6 3.4 180 540",
  "q": "5.2 A 2.6 6.6 2.6 3.4 0 360 M 5.2 3.2 L 5.2 13",
  "r": "3 M 0 3.2 L 0 10 M 0 6.4 Q .3 3.1 3.2 3.4",
  "s": "4.4 A 2.2 4.9 1.9 1.7 -30 -270 A 2.2 8.3 2.2 1.7 -90 155",
  "t": "3.4 M 1.4 1 L 1.4 8 Q 1.4 10.2 3.5 9.8 M 0 3.4 L 3.4 3.4",
  "u": "5 M 0 3.2 L 0 7.2 A 2.5 7.2 2.5 2.8 180 0 L 5 3.2 M 5 3.2 L 5 10",
  "v": "5.2 M 0 3.2 L 2.6 10 L 5.2 3.2",
  "w": "7.8 M 0 3.2 L 1.9 10 L 3.9 3.6 L 5.9 10 L 7.8 3.2",
  "x": "4.8 M 0 3.2 L 4.8 10 M 4.8 3.2 L 0 10",
  "y": "5.2 M 0 3.2 L 2.7 10 M 5.2 3.2 L 2.2 11.5 Q 1.6 13 0 12.9",
  "z": "4.8 M .1 3.4 L 4.7 3.4 L 0 9.9 L 4.8 9.9",
  "A": "6.8 M 0 10 L 3.4 0 L 6.8 10 M 1.2 6.7 L 5.6 6.7",
  "B": "5.8 M 0 4.6 L 3 4.6 A 3 7.3 2.8 2.7 -90 90 L 0 10 L 0 0 L 3 0 A 3 2.3 2.4 2.3 -90 90",
  "C": "6.4 A 3.8 5 3.8 5 -48 -312",
  "D": "6.4 M 0 0 L 2.6 0 A 2.6 5 3.8 5 -90 90 L 0 10 L 0 0",
  "E": "5.2 M 5.2 0 L 0 0 L 0 10 L 5.2 10 M 0 4.8 L 4.5 4.8",
  "F": "5 M 5 0 L 0 0 L 0 10 M 0 4.9 L 4.3 4.9",
  "G": "6.8 A 3.8 5 3.8 5 -48 -350 M 4 5.3 L 7 5.3 L 7 6",
  "H": "6.2 M 0 0 L 0 10 M 6.2 0 L 6.2 10 M 0 4.8 L 6.2 4.8",
  "I": "0 M 0 0 L 0 10",
  "J": "4.4 M 4.4 0 L 4.4 7.4 A 2.2 7.4 2.2 2.6 0 165",
  "K": "6 M 0 0 L 0 10 M 5.6 0 L 0 6 M 2.2 3.7 L 6 10",
  "L": "4.8 M 0 0 L 0 10 L 4.8 10",
  "M": "7.6 M 0 10 L 0 0 L 3.8 6.4 L 7.6 0 L 7.6 10",
  "N": "6.2 M 0 10 L 0 0 L 6.2 10 L 6.2 0",
  "O": "7.6 A 3.8 5 3.8 5 0 360",
  "P": "5.6 M 0 10 L 0 0 L 2.9 0 A 2.9 2.7 2.7 2.7 -90 90 L 0 5.4",
  "Q": "7.6 A 3.8 5 3.8 5 0 360 M 4.6 7.6 L 7.4 10.6",
  "R": "6 M 0 10 L 0 0 L 2.9 0 A 2.9 2.6 2.7 2.6 -90 90 L 0 5.2 M 3 5.2 L 6 10",
  "S": "5.6 A 2.8 2.5 2.5 2.5 -28 -270 A 2.8 7.5 2.8 2.5 -90 152",
  "T": "6.2 M 0 0 L 6.2 0 M 3.1 0 L 3.1 10",
  "U": "6.2 M 0 0 L 0 7 A 3.1 7 3.1 3 180 0 L 6.2 0",
  "V": "6.6 M 0 0 L 3.3 10 L 6.6 0",
  "W": "9.6 M 0 0 L 2.4 10 L 4.8 .6 L 7.2 10 L 9.6 0",
  "X": "6 M 0 0 L 6 10 M 6 0 L 0 10",
  "Y": "6 M 0 0 L 3 5 L 6 0 M 3 5 L 3 10",
  "Z": "5.8 M .1 0 L 5.8 0 L 0 10 L 5.8 10",
  "α": "5.8 M 5.8 3.2 Q 4.4 10 2.5 10 Q 0 9.9 0 6.6 Q 0 3.3 2.5 3.2 Q 4.4 3.2 5.8 10",
  "λ": "5.4 M .2 .1 Q 1.5 -.2 2 1.4 L 5.4 10 M 2.9 4 L 0 10",
  "σ": "5.8 M 6 3.5 L 2.7 3.5 A 2.7 6.7 2.7 3.3 -95 265",
  ".": "0 M 0 9.8 L 0 10",
  ",": "1 M .8 9.6 L 0 11.6",
  ":": "0 M 0 4.6 L 0 4.8 M 0 9.8 L 0 10",
  ";": "1 M .8 4.6 L .8 4.8 M .8 9.6 L 0 11.6",
  "·": "0 M 0 6.4 L 0 6.6",
  "'": "0 M 0 0 L 0 2.4",
  "-": "3 M 0 6.6 L 3 6.6",
  "–": "5 M 0 6.6 L 5 6.6",
  "−": "5 M 0 5.4 L 5 5.4",
  "+": "5 M 0 5.4 L 5 5.4 M 2.5 2.9 L 2.5 7.9",
  "±": "5 M 0 4.4 L 5 4.4 M 2.5 1.9 L 2.5 6.9 M 0 9.4 L 5 9.4",
  "×": "4 M 0 3.6 L 4 7.6 M 4 3.6 L 0 7.6",
  "=": "5 M 0 4.2 L 5 4.2 M 0 7 L 5 7",
  "/": "4 M 0 11 L 4 -1",
  "(": "1.8 M 1.8 -1 Q -.8 5.5 1.8 12",
  ")": "1.8 M 0 -1 Q 2.6 5.5 0 12",
  "[": "1.8 M 1.8 -1 L 0 -1 L 0 12 L 1.8 12",
  "]": "1.8 M 0 -1 L 1.8 -1 L 1.8 12 L 0 12",
};

/** Letters that stand for others, smaller and higher or lower. */
const shifted: Readonly<Record<string, readonly [letter: string, down: number]>> = {
  ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((c, i) => [c, [String(i), -1.2]])),
  ...Object.fromEntries([..."₀₁₂₃₄₅₆₇₈₉"].map((c, i) => [c, [String(i), 5.2]])),
  "⁻": ["−", -1.2],
};
/** Size of those, room between letters and for a blank. */
const SMALL = 0.64, GAP = 2.3, BLANK = 3.4;
/** Steps in which curves are drawn. */
const STEPS = 10;

interface Letter {
  readonly width: number;
  readonly strokes: readonly Path[];
}

const letters = new Map<string, Letter>();

/** A letter on its grid; an empty box for one that the face has not. */
function letterOf(character: string): Letter {
  const known = letters.get(character);
  if (known) return known;
  const [name, down] = shifted[character] ?? [character, null];
  const plain = parse(faces[name] ?? "5 M 0 0 L 5 0 L 5 10 L 0 10 L 0 0");
  const letter = down === null ? plain : {
    width: plain.width * SMALL,
    strokes: plain.strokes.map((path) =>
      path.map(([x, y]) => [x * SMALL, y * SMALL + down] as const)
    ),
  };
  letters.set(character, letter);
  return letter;
}

function parse(face: string): Letter {
  const [width = 0, ...words] = face.split(" ").map((word) =>
    isNaN(Number(word)) ? word : Number(word)
  );
  const strokes: [number, number][][] = [];
  let at = 0;
  const take = () => Number(words[at++]);
  const here = () => strokes.at(-1)!;
  while (at < words.length) {
    const kind = words[at++];
    if (kind === "M" || strokes.length === 0) strokes.push([]);
    if (kind === "M" || kind === "L") here().push([take(), take()]);
    else if (kind === "Q") {
      const [x, y] = here().at(-1)!, [cx, cy, ex, ey] = [take(), take(), take(), take()];
      for (let i = 1; i <= STEPS; i++) {
        const t = i / STEPS, s = 1 - t;
        here().push([
          s * s * x + 2 * s * t * cx + t * t * ex,
          s * s * y + 2 * s * t * cy + t * t * ey,
        ]);
      }
    } else {
      const [cx, cy, rx, ry, from, to] = [take(), take(), take(), take(), take(), take()];
      const steps = Math.ceil(Math.abs(to - from) / 18);
      for (let i = 0; i <= steps; i++) {
        const angle = (from + (to - from) * i / steps) * Math.PI / 180;
        here().push([cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)]);
      }
    }
  }
  return { width: Number(width), strokes };
}

/** Length of a text whose capitals are `size` pixels tall. */
export function lengthOf(text: string, size: number): number {
  let x = 0;
  for (const character of text) x += character === " " ? BLANK : letterOf(character).width + GAP;
  return Math.max(0, x - GAP) * size / 10;
}

/** Strokes of a text whose capitals are `size` pixels tall and whose baseline begins at (x, y). */
export function strokesOf(text: string, x: number, y: number, size: number): Path[] {
  const scale = size / 10, paths: Path[] = [];
  for (const character of text) {
    if (character === " ") {
      x += BLANK * scale;
      continue;
    }
    const { width, strokes } = letterOf(character);
    for (const path of strokes) {
      paths.push(path.map(([dx, dy]) => [x + dx * scale, y + (dy - 10) * scale] as const));
    }
    x += (width + GAP) * scale;
  }
  return paths;
}
