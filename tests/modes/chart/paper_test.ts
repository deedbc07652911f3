import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { lengthOf, strokesOf } from "../../../src/modes/chart/letters.ts";
import { Paper, type Path, type Sight } from "../../../src/modes/chart/paper.ts";

const WHITE = 0xffffff, BLACK = 0x000000;

const sightOf = (x: number, y: number, side: number, size = 128): Sight => ({
  ...{ size, density: 1, x, y, width: side, height: side, columns: side, rows: side },
});

/** How much ink there is, as a share of pixels that would be black. */
const inkOn = ({ pixels }: Paper) =>
  pixels.reduce((sum, byte, i) => i % 4 === 0 ? sum + (255 - byte) / 255 : sum, 0);

Deno.test("paper: lines cover length times width, whatever their direction; dots their area", () => {
  for (const to of [[100, 20], [20, 100], [100, 64.3], [77, 101]] as const) {
    const paper = new Paper(sightOf(0, 0, 128), WHITE), length = Math.hypot(to[0] - 20, to[1] - 20);
    paper.lines([[[20, 20], to]], { ink: BLACK, width: 3 });
    assertAlmostEquals(inkOn(paper), 3 * length + Math.PI * 1.5 ** 2, 6, `to ${to}`);
  }
  const paper = new Paper(sightOf(0, 0, 128), WHITE);
  paper.dots([[50.2, 60.7]], 9, BLACK);
  assertAlmostEquals(inkOn(paper), Math.PI * 81, 3);
});

Deno.test("paper: paths of one drawing are no darker where they cross; frames cover their area", () => {
  const pen = { ink: BLACK, width: 4, opacity: 0.5 };
  const one = new Paper(sightOf(0, 0, 64), WHITE);
  one.lines([[[8, 32], [56, 32]], [[32, 8], [32, 56]]], pen);
  assertEquals(Math.min(...one.pixels.filter((_, i) => i % 4 === 0)), 128);
  const filled = new Paper(sightOf(0, 0, 64), WHITE);
  filled.fill([{ left: 3.25, right: 10.5, top: 2.5, bottom: 4 }], BLACK, 1);
  assertAlmostEquals(inkOn(filled), 7.25 * 1.5, 0.05);
});

Deno.test("paper: tiles are parts of the whole image, whatever is drawn", () => {
  const point = fc.tuple(
    fc.double({ min: -200, max: 300, noNaN: true }),
    fc.double({ min: -200, max: 300, noNaN: true }),
  );
  const paths = fc.array(fc.array(point, { minLength: 1, maxLength: 4 }), { maxLength: 3 });
  const draw = (sight: Sight, drawn: readonly Path[]) => {
    const paper = new Paper(sight, WHITE);
    paper.lines(drawn, { ink: 0x123456, width: 2.5, dashes: [7, 3, 1, 3] });
    paper.lines(drawn, { ink: 0xff0000, width: 1, opacity: 0.4 }, {
      left: 20,
      top: 30,
      right: 90,
      bottom: 100,
    });
    paper.text("σ₁ = 3.2×10⁻⁴", 30, 60, { size: 9, ink: BLACK });
    paper.number({ left: 20, top: 30, right: 90, bottom: 100 }, (x) => x);
    return paper;
  };
  fc.assert(
    fc.property(paths, (drawn) => {
      const whole = draw(sightOf(0, 0, 128), drawn);
      for (const [x, y] of [[0, 0], [64, 0], [0, 64], [64, 64]] as const) {
        const part = draw(sightOf(x, y, 64), drawn);
        for (let row = 0; row < 64; row++) {
          const at = (y + row) * 128 + x;
          for (let i = 0; i < 4 * 64; i++) {
            const off = Math.abs(whole.pixels[4 * at + i]! - part.pixels[4 * row * 64 + i]!);
            assert(off <= 1, `(${x + (i >> 2)}, ${y + row}) is off by ${off}`);
          }
          assertEquals(
            whole.values.subarray(at, at + 64),
            part.values.subarray(row * 64, row * 64 + 64),
          );
        }
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("paper: dashes are counted from the beginning of a path, and cost nothing where they are not seen", () => {
  const paper = new Paper(sightOf(0, 0, 64), WHITE);
  paper.lines([[[0, 10.5], [24, 10.5], [60, 10.5]]], { ink: BLACK, width: 1, dashes: [8, 8] });
  const dark = (x: number) => paper.pixels[4 * (10 * 64 + x)]! < 60;
  assertEquals([4, 12, 20, 28, 36, 44, 52].map(dark), [
    true,
    false,
    true,
    false,
    true,
    false,
    true,
  ]);

  const began = performance.now();
  const wild: Path = [[-1e12, 5], [1e12, 6], [NaN, 3], [Infinity, 4], [0, 1e300]];
  new Paper(sightOf(0, 0, 64), WHITE).lines([wild], { ink: BLACK, width: 1, dashes: [2, 2] });
  assert(performance.now() - began < 1000);
});

Deno.test("paper: what lies beyond the image is transparent and has no number", () => {
  const paper = new Paper({ ...sightOf(0, 0, 64), width: 40, height: 30 }, WHITE);
  paper.fill([{ left: 0, top: 0, right: 64, bottom: 64 }], BLACK, 1);
  paper.number({ left: 0, top: 0, right: 64, bottom: 64 }, () => 5);
  for (const [x, y, inside] of [[39, 29, true], [40, 29, false], [39, 30, false]] as const) {
    assertEquals(paper.pixels[4 * (y * 64 + x) + 3], inside ? 255 : 0);
    assertEquals(paper.values[y * 64 + x], inside ? 5 : NaN);
  }
});

Deno.test("letters: what a chart says can be written, each within its width, superscripts smaller", () => {
  const said =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;·'-–−+±×=/()[]αλσ";
  const box = strokesOf("☃", 0, 10, 10);
  for (const letter of said) {
    const strokes = strokesOf(letter, 0, 10, 10), width = lengthOf(letter, 10);
    assert(JSON.stringify(strokes) !== JSON.stringify(box), `${letter} is not in the face`);
    for (const [x, y] of strokes.flat()) {
      assert(x >= -1 && x <= width + 1 && y >= -1.5 && y <= 13.5, `${letter} reaches (${x}, ${y})`);
    }
  }
  assert(lengthOf("²", 10) < lengthOf("2", 10));
  assertAlmostEquals(lengthOf("a b", 20), 2 * lengthOf("a b", 10), 1e-9);
});
