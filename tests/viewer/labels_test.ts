import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { overlapping } from "../../src/viewer/box.ts";
import { placeLabels, type Wish } from "../../src/viewer/labels.ts";

const view = { x: 0, y: 0, width: 800, height: 600 };
const wish = (
  text: string,
  x: number,
  y: number,
  width: number,
  height: number,
  rank = 0,
): Wish => ({
  text,
  box: { x, y, width, height },
  width: 60,
  height: 18,
  rank,
});

Deno.test("a label stands at the top left of what it names", () => {
  const [label] = placeLabels([wish("a", 100, 50, 200, 200)], view);
  assertEquals([label!.x, label!.y], [100, 50]);
});

Deno.test("a label stays in view as long as enough of what it names is", () => {
  const at = (x: number, y: number) =>
    placeLabels([wish("a", x, y, 1000, 1000)], view).map(({ x, y }) => [x, y]);
  assertEquals(at(-500, -700), [[0, 0]]);
  assertEquals(at(-941, 0), []);
  assertEquals(at(741, 0), []);
});

Deno.test("what is inside has its label below that of what is around it", () => {
  const found = placeLabels([
    wish("tensor", 0, 0, 400, 300, 2),
    wish("block", 0, 0, 800, 600, 0),
    wish("branch", 0, 0, 500, 300, 1),
  ], view);
  assertEquals(found.map(({ text, y }) => [text, y]), [["block", 0], ["branch", 18], [
    "tensor",
    36,
  ]]);
});

Deno.test("of two in each other's way the larger has its label", () => {
  const found = placeLabels([wish("small", 5, 5, 70, 20), wish("large", 0, 0, 300, 20)], view);
  assertEquals(found.map(({ text }) => text), ["large"]);
});

Deno.test("an earlier rank has its label though it is smaller", () => {
  const found = placeLabels([wish("large", 0, 0, 300, 20, 1), wish("first", 5, 5, 70, 20)], view);
  assertEquals(found.map(({ text }) => text), ["first"]);
});

Deno.test("labels never overlap, and never leave the view or what they name", () => {
  const side = fc.integer({ min: 1, max: 500 }), place = fc.integer({ min: -400, max: 900 });
  const any = fc.tuple(place, place, side, side, fc.nat(4), fc.integer({ min: 5, max: 150 }));
  fc.assert(fc.property(fc.array(any, { maxLength: 60 }), (all) => {
    const wishes = all.map(([x, y, w, h, rank, width], i) => ({
      ...wish(String(i), x, y, w, h, rank),
      width,
    }));
    const found = placeLabels(wishes, view);
    for (const [i, label] of found.entries()) {
      for (const outer of [label.box, view]) {
        assert(label.x >= outer.x && label.x + label.width <= outer.x + outer.width);
        assert(label.y >= outer.y && label.y + label.height <= outer.y + outer.height);
      }
      for (const other of found.slice(i + 1)) assert(!overlapping(label, other));
    }
  }));
});
