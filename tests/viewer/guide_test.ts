import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Guide, type MapInfo, rescaled, toMap, toPlane } from "../../src/viewer/guide.ts";

const region = (tensor: string, layer: number, x: number, y: number, top = 0, height = 50) => ({
  ...{
    layer,
    frame: -1,
    tensor,
    shape: [100, 40],
    dtype: "F32" as const,
    x,
    y,
    width: 40,
    height,
    left: 0,
  },
  ...{ top, label: tensor, minzoom: 3 },
});

const branch = {
  ...{ kind: "branch" as const, label: "mlp", name: "b.mlp", x: 50, y: 10, width: 40, height: 50 },
  ...{ parent: -1, norm: 2, relative: 0.5, minzoom: 1 },
  bar: { x: 50, y: 8, width: 20, height: 2 },
};

/** A tensor in two pieces beside one with a bias, in a branch. */
const info: MapInfo = {
  ...{ model: "m", version: "v", width: 200, height: 100, nativeZoom: 4, align: 2 },
  ...{ url: "", tiles: "" },
  layers: ["cut", "fc"].map((name) => ({ name, kind: "linear", role: null })),
  regions: [
    region("cut", 0, 0, 0),
    region("cut", 0, 0, 50, 50),
    region("fc.weight", 1, 50, 10),
    region("fc.bias", 1, 50, 64, 0, 4),
  ],
  frames: [branch],
};
const guide = new Guide(info);

Deno.test("a cell of the map is found in its tensor, and none between tensors", () => {
  assertEquals(guide.at({ x: 39, y: 49 })?.tensor, "cut");
  assertEquals(guide.at({ x: 50, y: 59 })?.tensor, "fc.weight");
  assertEquals(guide.at({ x: 40, y: 20 }), null);
  assertEquals(guide.at({ x: 5000, y: -3 }), null);
});

Deno.test("a bar is found in the gutter above its branch, over all its width", () => {
  assertEquals(guide.branchAt({ x: 88, y: 7 })?.name, "b.mlp");
  assertEquals(guide.branchAt({ x: 88, y: 20 }), null);
  assert(guide.hasBars);
  const bare = { ...info, frames: [{ ...branch, relative: null, bar: null }] };
  assert(!new Guide(bare).hasBars);
});

Deno.test("a layer is all its tensors, a tensor all its pieces", () => {
  assertEquals(guide.find("cut").length, 2);
  assertEquals(guide.find("fc").map(({ tensor }) => tensor), ["fc.weight", "fc.bias"]);
  assertEquals(guide.find("fc.bias").length, 1);
  assertEquals(guide.find("no such"), []);
});

Deno.test("names come with the zoom at which they fit, and once for a tensor in pieces", () => {
  const all = { x: 0, y: 0, width: 200, height: 100 };
  const names = (zoom: number) => guide.inView(all, zoom).map(({ label }) => label).toSorted();
  assertEquals(names(0), []);
  assertEquals(names(1), ["mlp"]);
  assertEquals(names(3), ["cut", "fc.bias", "fc.weight", "mlp"]);
  const left = guide.inView({ x: 0, y: 0, width: 45, height: 100 }, 3);
  assertEquals(left.map(({ label, height }) => [label, height]), [["cut", 100]]);
});

Deno.test("a cell that goes to its plane and back is where it was", () => {
  fc.assert(fc.property(fc.nat(39), fc.nat(99), (x, y) => {
    const cell = { x, y };
    const region = guide.at(cell)!;
    assertEquals(toPlane(region, cell), { x, y });
    const back = toMap(guide.find("cut"), toPlane(region, cell));
    assertEquals(back.region, region);
    assertEquals(back.cell, cell);
  }));
});

Deno.test("the corner of a tensor is its first cell", () => {
  const weight = guide.at({ x: 53, y: 14 })!;
  assertEquals(toPlane(weight, { x: 53, y: 14 }), { x: 3, y: 4 });
  assertEquals(toMap([weight], { x: 3, y: 4 }).cell, { x: 53, y: 14 });
  const later = { ...weight, left: 40, top: 100 };
  assertEquals(toPlane(later, { x: 53, y: 14 }), { x: 43, y: 104 });
  assertEquals(toMap([weight, later], { x: 43, y: 104 }).cell, { x: 53, y: 14 });
});

Deno.test("a place off a plane belongs to its nearest piece", () => {
  assertEquals(toMap(guide.find("cut"), { x: 10, y: 300 }).cell, { x: 10, y: 300 });
  assertEquals(toMap(guide.find("cut"), { x: 10, y: -5 }).region.top, 0);
});

Deno.test("pixels a cell stay what they are from plane to plane", () => {
  const place = rescaled({ x: 1, y: 2 }, { x: 9, y: 9, z: 5.5 }, 6, 2);
  assertEquals(place, { x: 1, y: 2, z: 1.5 });
});
