import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BadRequest, NotFound } from "../../src/errors.ts";
import type { Engine } from "../../src/tile/tile.ts";
import reference from "../../fixtures/reference/captures/decoder.json" with { type: "json" };
import { checksums } from "../analysis/checksums.ts";
import { valuesOf } from "../formats/values.ts";
import { onCapture, withCapture } from "./captures.ts";
import { npy, whole } from "./pictures.ts";

/** All of a picture of attention, in numbers. */
async function pictureOf(engine: Engine, model: string, layer: string, query: string) {
  const subject = { model, layer, mode: "attention", query: new URLSearchParams(query) };
  const view = engine.view(model, layer, "attention", subject.query);
  const { values, width } = await whole(engine, view.plane, subject, 0);
  return { values, n: width, view };
}

type Powers = Readonly<Record<string, ReturnType<typeof checksums>>>;

async function comparePowers(engine: Engine, layer: string, query: string, powers: Powers) {
  for (const [power, expected] of Object.entries(powers)) {
    const { values, n } = await pictureOf(engine, "decoder", layer, `${query}power=${power}`);
    const found = checksums(values, n), what = `${layer}?${query}power=${power}`;
    for (const name of ["sum", "squares", "weighted", "max"] as const) {
      assertAlmostEquals(found[name], expected[name], 2e-6 * expected[name], `${what}: ${name}`);
    }
    for (const [i, value] of expected.last_row.entries()) {
      assertAlmostEquals(found.last_row[i]!, value, 1e-6, `${what}: last row, ${i}`);
    }
  }
}

Deno.test("attention: powers of each head and of their mean are those that were computed elsewhere", () =>
  onCapture("decoder", async (engine) => {
    for (const [layer, { heads, mean }] of Object.entries(reference.attention)) {
      for (const [head, { powers }] of heads.entries()) {
        await comparePowers(engine, layer, `head=${head}&`, powers);
      }
      await comparePowers(engine, layer, "", mean.powers);
    }
  }));

Deno.test("attention: a head is drawn as it was captured, and their mean and symmetric part follow", () =>
  onCapture("decoder", async (engine) => {
    const tensor = engine.model("decoder").tensors.find(({ name }) => name === "attn/block3")!;
    const captured = await valuesOf(tensor), [heads, n] = tensor.shape as [number, number, number];
    const at = (head: number, i: number, j: number) => captured[(head * n + i) * n + j]!;
    const two = await pictureOf(engine, "decoder", "block3", "head=2");
    const mean = await pictureOf(engine, "decoder", "block3", "");
    const symmetric = await pictureOf(engine, "decoder", "block3", "head=2&symmetric=1");
    for (const [i, j] of [[0, 0], [1, 0], [77, 31], [127, 126], [127, 127]] as const) {
      assertEquals(two.values[i * n + j], at(2, i, j));
      let sum = 0;
      for (let head = 0; head < heads; head++) sum += at(head, i, j);
      assertAlmostEquals(mean.values[i * n + j]!, sum / heads, 1e-7);
      const half = (at(2, i, j) + at(2, j, i)) / 2;
      for (const place of [i * n + j, j * n + i]) {
        assertAlmostEquals(symmetric.values[place]!, half, 1e-7);
      }
    }
    const { tensor: name, index } = await engine.inspect(two.view, 31, 77, undefined);
    assertEquals([name, index], ["attn/block3", [2, 77, 31]]);
  }));

/** A random walk along a ring: each position looks at the next one. */
const ring = (n: number) =>
  Float32Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) + 1) % n === at % n ? 1 : 0);

Deno.test("attention: zooms choose a power, the further out the higher", () =>
  withCapture({ "attn/a": { shape: [1, 600, 600], values: ring(600) } }, async (engine) => {
    const query = new URLSearchParams({ power: "zoom", head: "0" });
    const { plane } = engine.view("capture", "a", "attention", query);
    assertEquals(plane.nativeZoom, 2);
    for (const [z, power] of [[2, 1], [1, 2], [0, 4]] as const) {
      const address = { model: "capture", layer: "a", mode: "attention", z, x: 0, y: 0 } as const;
      const draw = (power: string) =>
        engine.ticket({
          ...address,
          ...{ density: 1, crop: true, format: "npy" },
          query: new URLSearchParams({ power, head: "0" }),
        }).tile();
      const chosen = await draw("zoom"), given = await draw(String(power));
      assertEquals(npy(chosen.bytes).values, npy(given.bytes).values, `zoom ${z}`);
      assertEquals(chosen.etag, given.etag);
      const of = (power: string) => new URLSearchParams({ power, head: "0" });
      const inspect = (query: URLSearchParams) =>
        engine.inspect(engine.view("capture", "a", "attention", query), 1, 0, z);
      assertEquals(await inspect(of("zoom")), await inspect(of(String(power))), `zoom ${z}`);
    }
    const legend = await engine.legend(engine.view("capture", "a", "attention", query));
    assertMatch(legend.normalization, /; at native zoom, others by their own$/);
    // Twice as dense is one zoom further in.
    const dense = await engine.ticket({
      ...{ model: "capture", layer: "a", mode: "attention", z: 1, x: 0, y: 0 },
      ...{ density: 2, format: "npy", query },
    }).tile();
    const values = npy(dense.bytes).values;
    assertEquals([values[1], values[2], values[512]], [1, 0, 0]);
  }));

Deno.test("attention: a row that sums to 0 stays, and no other is harmed", () =>
  withCapture({
    "attn/a": { shape: [3, 3], values: Float32Array.of(0, 0, 0, 0.5, 0.5, 0, 0, 1, 0) },
  }, async (engine) => {
    const { values } = await pictureOf(engine, "capture", "a", "power=2");
    assertEquals([...values], [0, 0, 0, 0.5, 0.5, 0, 0.5, 0.5, 0]);
  }));

Deno.test("attention: what cannot be shown says what it needs, and what was given", () =>
  withCapture({
    "act/b": { shape: [2, 2], values: new Float32Array(4) },
    "attn/a": { shape: [2, 3, 3], values: new Float32Array(18) },
    "attn/odd": { shape: [2, 3, 4], values: new Float32Array(24) },
    "attn/one": { shape: [3, 3], values: new Float32Array(9) },
  }, (engine) => {
    const open = (layer: string, query: string) => () =>
      engine.view("capture", layer, "attention", new URLSearchParams(query));
    assertMatch(assertThrows(open("b", ""), NotFound).message, /captured attention: "attn\/b"/);
    const odd = assertThrows(open("odd", ""), NotFound).message;
    assertMatch(odd, /it needs attention of \[heads, N, N\] or \[N, N\]: "attn\/odd" is \[2,3,4\]/);
    const second = assertThrows(open("one", "head=1"), BadRequest).message;
    assertMatch(second, /head=1 is not among those of "attn\/one"/);
    for (
      const [query, message] of [
        ["head=2", /head=2 is not among those of "attn\/a": 0 to 1/],
        ["head=0.5", /head=0\.5 is not a whole number/],
        ["power=3", /power=3 is not one of 1, 2, 4/],
      ] as const
    ) assertMatch(assertThrows(open("a", query), BadRequest).message, message);
    return Promise.resolve();
  }));
