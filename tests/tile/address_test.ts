import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BadRequest, NotFound } from "../../src/errors.ts";
import { deepestLevel, parseDeepZoom, parseTile, tilePath } from "../../src/tile/address.ts";
import { nativeZoom } from "../../src/field/plane.ts";
import { matches, tagOf } from "../../src/tile/etag.ts";
import { type Address, formats, type PlaneInfo } from "../../src/tile/tile.ts";

const name = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const query = fc.dictionary(name, name, { noNullPrototype: true }).map((entries) => {
  const query = new URLSearchParams(entries);
  query.sort();
  return query;
});
const address = fc.record({
  model: name,
  layer: name,
  mode: name,
  z: fc.nat(30),
  x: fc.integer(),
  y: fc.integer(),
  density: fc.constantFrom<1 | 2>(1, 2),
  format: fc.constantFrom(...Object.keys(formats) as Address["format"][]),
  query,
});

Deno.test("an address survives the way into a path and back", () => {
  fc.assert(fc.property(address, (given) => {
    const [path, text] = tilePath(given).split("?");
    const [, kind, model, layer, mode, z, x, file, ...rest] = path!.split("/");
    assertEquals([kind, rest], ["tiles", []]);
    const subject = {
      model: decodeURIComponent(model!),
      layer: decodeURIComponent(layer!),
      mode: decodeURIComponent(mode!),
      query: new URLSearchParams(text),
    };
    assertEquals(parseTile(subject, z!, x!, file!), given);
  }));
});

const subject = { model: "m", layer: "l", mode: "weights", query: new URLSearchParams() };

for (
  const [z, x, file, part] of [
    ["1.5", "0", "0.png", "z"],
    ["", "0", "0.png", "z"],
    ["0x1", "0", "0.png", "z"],
    ["0", "1e2", "0.png", "x"],
    ["0", "0", "zero.png", "y"],
    ["0", "0", "0.gif", "format"],
    ["0", "0", "0", "format"],
    ["0", "0", "0.png.exe", "format"],
    ["0", "0", "0@3x.png", "density"],
    ["0", "0", "0@2x@2x.png", "density"],
    ["0", "0", "1234567890123456.png", "y"],
  ] as const
) {
  Deno.test(`${z}/${x}/${file} is refused for its ${part}`, () => {
    const error = assertThrows(() => parseTile(subject, z, x, file), BadRequest);
    assertEquals(error.details["parameter"], part);
  });
}

const planeOf = (width: number, height: number): PlaneInfo => ({
  width,
  height,
  tileSize: 256,
  nativeZoom: nativeZoom(width, height),
  minZoom: 0,
  maxZoom: nativeZoom(width, height),
  axes: { rows: [0], columns: [1], about: "" },
});

Deno.test("Deep Zoom levels halve the plane from one pixel a cell down to one pixel", () => {
  const side = fc.integer({ min: 1, max: 1 << 20 });
  fc.assert(fc.property(side, side, (width, height) => {
    const plane = planeOf(width, height);
    const deepest = deepestLevel(plane);
    const zoom = (level: number) => parseDeepZoom(subject, plane, `${level}`, "0_0.png").z;
    assertEquals(zoom(deepest), plane.nativeZoom);
    const outermost = 2 ** (zoom(0) - plane.nativeZoom);
    assertEquals(Math.ceil(Math.max(width, height) * outermost), 1);
    assertEquals(zoom(0) >= -8, true);
  }));
});

Deno.test("a Deep Zoom tile is cut to the plane", () => {
  const given = parseDeepZoom(subject, planeOf(1000, 300), "9", "1_0.jpg");
  assertEquals(given, { ...subject, z: 1, x: 1, y: 0, density: 1, crop: true, format: "jpg" });
});

Deno.test("Deep Zoom refuses levels that are not there and names that are none", () => {
  const plane = planeOf(1000, 300);
  const error = assertThrows(() => parseDeepZoom(subject, plane, "11", "0_0.png"), NotFound);
  assertEquals(error.details, { level: 11, minimum: 0, maximum: 10 });
  for (const file of ["0.png", "0_0", "0_0_0.png", "a_0.png", "0_0.tiff"]) {
    assertThrows(() => parseDeepZoom(subject, plane, "9", file), BadRequest);
  }
});

Deno.test("If-None-Match covers a tag by itself, in a list, weakened and as *", () => {
  const tag = tagOf("content");
  for (const header of [tag, `W/${tag}`, `"a", ${tag}`, `"a,b",W/${tag} , "c"`, "*", " * "]) {
    assertEquals(matches(header, tag), true, header);
  }
  for (const header of [null, undefined, "", '"other"', tag.slice(1, -1), `"x${tag.slice(1)}`]) {
    assertEquals(matches(header, tag), false, String(header));
  }
});
