// A 3×5 pixel face for numbers: five rows of three bits a glyph, most significant bit left.
const faces: Readonly<Record<string, readonly number[]>> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 3, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 2, 2, 2],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
  "-": [0, 0, 7, 0, 0],
  "+": [0, 2, 7, 2, 0],
  ".": [0, 0, 0, 0, 2],
  "e": [0, 7, 7, 4, 7],
  "N": [7, 5, 5, 5, 5],
  "a": [0, 3, 5, 5, 3],
  "I": [7, 2, 2, 2, 7],
  "n": [0, 6, 5, 5, 5],
  "f": [3, 4, 6, 4, 4],
};

/** Pixels from one glyph to the next, and from one line to the next, at scale 1. */
export const ADVANCE = 4;
export const LINE = 5;

/** Calls `dot` for every pixel of the text whose top left corner is (x, y). */
export function write(
  text: string,
  x: number,
  y: number,
  scale: number,
  dot: (x: number, y: number) => void,
): void {
  for (const [i, character] of [...text].entries()) {
    const face = faces[character] ?? [];
    for (const [row, bits] of face.entries()) {
      for (let column = 0; column < 3; column++) {
        if ((bits & (4 >> column)) === 0) continue;
        for (let dy = 0; dy < scale; dy++) {
          for (let dx = 0; dx < scale; dx++) {
            dot(x + (i * ADVANCE + column) * scale + dx, y + row * scale + dy);
          }
        }
      }
    }
  }
}

/** The value in at most `room` characters, with as many significant digits as fit. */
export function spell(value: number, room: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Inf" : "-Inf";
  for (let digits = 4; digits > 0; digits--) {
    const plain = String(Number(value.toPrecision(digits)));
    const text = plain.length <= room ? plain : value.toExponential(digits - 1).replace("e+", "e");
    if (text.length <= room) return text;
  }
  return value.toExponential(0).replace("e+", "e").slice(0, room);
}
