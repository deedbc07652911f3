import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { flight } from "../../src/viewer/flight.ts";

const place = fc.record({
  x: fc.double({ min: 0, max: 1e5, noNaN: true }),
  y: fc.double({ min: 0, max: 1e5, noNaN: true }),
  z: fc.double({ min: 0, max: 12, noNaN: true }),
});

Deno.test("a flight begins where one is and ends where one wants to be", () => {
  fc.assert(fc.property(place, place, (from, to) => {
    const way = flight(from, to, 8, 800);
    const begin = way.at(0);
    const cell = 2 ** (8 - from.z);
    assertAlmostEquals(begin.x, from.x, cell);
    assertAlmostEquals(begin.y, from.y, cell);
    assertAlmostEquals(begin.z, from.z, 1e-3);
    assertEquals(way.at(1), to);
    const end = way.at(1 - 1e-6);
    const near = 0.01 * 2 ** (8 - to.z) * 800;
    assertAlmostEquals(end.x, to.x, near);
    assertAlmostEquals(end.y, to.y, near);
    assertAlmostEquals(end.z, to.z, 0.01);
    assert(way.duration >= 200 && way.duration <= 1500);
  }));
});

Deno.test("far away at the same size, a flight goes out and in again", () => {
  const way = flight({ x: 0, y: 0, z: 8 }, { x: 20_000, y: 0, z: 8 }, 8, 800);
  assert(way.at(0.5).z < 6, `${way.at(0.5).z}`);
  assertAlmostEquals(way.at(0.5).x, 10_000, 200);
});
