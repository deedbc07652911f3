import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { BadRequest, Changed } from "../../src/errors.ts";
import { openModel } from "../../src/model/open.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { valuesOf } from "../formats/values.ts";
import { inFolder } from "../storage/folder.ts";
import { onCapture } from "./captures.ts";
import { modelFile, numbers, tileAt } from "./models.ts";
import { whole } from "./pictures.ts";

const digits = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;
const viewOf = (engine: Engine, query: string, layer = "fc1", model = "digits-cnn") =>
  engine.view(model, layer, layer === "_" ? "map" : "weights", new URLSearchParams(query));

/** fc1's weights at some steps, as the files have them. */
async function weightsAt(...steps: readonly number[]): Promise<Float32Array[]> {
  const model = await openModel(digits);
  const tensors = steps.map((step) =>
    model.at(step).tensors.find(({ name }) => name === "fc1.weight")!
  );
  const values = await Promise.all(tensors.map(valuesOf));
  model.close();
  return values.map((list) => Float32Array.from(list));
}

/** All of fc1 that is drawn. */
async function drawn(engine: Engine, query: string): Promise<Float32Array> {
  const view = viewOf(engine, query);
  const subject = { model: "digits-cnn", layer: "fc1", mode: "weights" };
  return (await whole(engine, view.plane, { ...subject, query: new URLSearchParams(query) }, 0))
    .values;
}

Deno.test("a capture is compared with itself at another step: what training changed since", () =>
  onCapture("digits-cnn", async (engine) => {
    const [first, middle, last] = await weightsAt(0, 10, 400) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const since = await drawn(engine, "against=digits-cnn&against_step=0");
    assertEquals(since, last.map((x, i) => x - first[i]!));
    const before = await drawn(engine, "step=10&against=digits-cnn&against_step=400");
    assertEquals(before, middle.map((x, i) => x - last[i]!));
    // Unless one is given, the same step: no difference.
    const same = await drawn(engine, "step=10&against=digits-cnn");
    assert(same.every((x) => x === 0));

    const view = viewOf(engine, "step=10&against=digits-cnn&against_step=0&compare=ratio");
    assertEquals((await engine.legend(view)).title, "log₂ |Weight| / that of digits-cnn at step 0");
    const { compared } = await engine.inspect(view, 7, 3, undefined);
    const at = 3 * 384 + 7;
    assertEquals([compared!.own.value, compared!.other.value], [middle[at], first[at]]);
    assertEquals(view.ranges, {
      against_step: { minimum: 0, maximum: 400, default: 10, values: [0, 10, 400] },
    });
    assertEquals(viewOf(engine, "").idle, ["against_step"]);
  }));

Deno.test("the map is compared at that step as well, and so is what is read of it", () =>
  onCapture("digits-cnn", async (engine) => {
    const views = ["0", "10"].map((step) =>
      viewOf(engine, `against=digits-cnn&against_step=${step}`, "_")
    );
    const tickets = ["0", "10"].map((step) =>
      engine.ticket(
        tileAt("_", [0, 0, 0], `against=digits-cnn&against_step=${step}`, {
          model: "digits-cnn",
          mode: "map",
        }),
      )
    );
    assertNotEquals(tickets[0]!.etag, tickets[1]!.etag);
    const [one, other] = await Promise.all(tickets.map((ticket) => ticket.tile()));
    assertNotEquals(one!.bytes, other!.bytes);
    const region = engine.layout(engine.model("digits-cnn")).layout.regions.find(({ plane }) =>
      engine.layout(engine.model("digits-cnn")).layout.planes[plane]!.plane.tensor.name ===
        "fc1.weight"
    )!;
    const [first, middle, last] = await weightsAt(0, 10, 400);
    for (const [i, other] of [first!, middle!].entries()) {
      const found = await engine.inspect(views[i]!, region.x, region.y, undefined);
      assertEquals(found.tensor, "fc1.weight");
      const at = found.index[0]! * 384 + found.index[1]!;
      assertEquals(found.compared!.other.value, other[at]);
      assertEquals(found.value, Math.fround(last![at]! - other[at]!));
      assertMatch((await engine.legend(views[i]!)).title, /that of digits-cnn at step (0|10),/);
    }
  }));

Deno.test("a step that the other model has not, or a model without steps, is told", () =>
  onCapture("digits-cnn", (engine) => {
    const query = "against=digits-cnn&against_step=7";
    const error = assertThrows(() => viewOf(engine, query), BadRequest);
    assertMatch(error.message, /^against_step: .*"digits-cnn" has the steps 0, 10, 400/);
    assertEquals(error.details.parameter, "against_step");
    assertThrows(() => viewOf(engine, query, "_"), BadRequest, "has the steps 0, 10, 400");
    assertThrows(() => viewOf(engine, "against_step=-1"), BadRequest, "a whole number from 0");
    return Promise.resolve();
  }));

/** A capture with a weight "w" of this value at each step. */
async function capture(folder: string, steps: Readonly<Record<number, number>>): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [step, value] of Object.entries(steps)) {
    const values = new Float32Array(6).fill(value);
    const file = modelFile({ "weight/w": { shape: [2, 3], values } });
    await Deno.writeFile(`${folder}/${step}.safetensors`, file);
  }
  const list = Object.keys(steps).map((step) => ({
    step: Number(step),
    file: `${step}.safetensors`,
  }));
  await Deno.writeTextFile(`${folder}/capture.json`, JSON.stringify({ steps: list }));
}

Deno.test("another capture is compared at the same step, else at its last; and again once it changed", () =>
  inFolder(async (folder) => {
    await capture(`${folder}/one`, { 0: 1, 5: 2, 9: 3 });
    await capture(`${folder}/two`, { 0: 10, 5: 20, 7: 30 });
    await Deno.writeFile(
      `${folder}/plain.safetensors`,
      modelFile({ w: { shape: [2, 3], values: new Float32Array(6).fill(100) } }),
    );
    const engine = await createEngine([
      `${folder}/one`,
      `${folder}/two`,
      `${folder}/plain.safetensors`,
    ], {
      workers: 1,
    });
    try {
      const first = async (query: string) =>
        (await numbers(engine, tileAt("w", [0, 0, 0], query, { model: "one" }))).values[0];
      assertEquals(await first("against=two&step=5"), 2 - 20);
      assertEquals(await first("against=two"), 3 - 30); // of 9 it has none
      assertEquals(await first("against=two&against_step=0"), 3 - 10);
      assertEquals(await first("against=plain&step=0"), 1 - 100);
      assertThrows(
        () => viewOf(engine, "against=plain&against_step=0", "w", "one"),
        BadRequest,
        'against_step: step=0: model "plain" is no capture',
      );
      const view = viewOf(engine, "against=two&compare=signs", "w", "one");
      assertEquals([view.query, view.against!.model.step], [
        "against=two&against_step=7&compare=signs",
        7,
      ]);
      const partners = engine.partners(engine.model("one").at(5), "w");
      assertEquals(partners.map(({ model: { id, step } }) => [id, step]), [
        ["one", 5],
        ["two", 5],
        ["plain", null],
      ]);

      const values = new Float32Array(6).fill(50);
      const file = modelFile({ "weight/w": { shape: [2, 3], values } });
      await Deno.writeFile(`${folder}/two/0.safetensors`, file);
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        try {
          if (await first("against=two&against_step=0") === 3 - 50) break;
        } catch (error) {
          if (!(error instanceof Changed)) throw error;
        }
      }
      assertEquals(await first("against=two&against_step=5"), 3 - 20);
    } finally {
      await engine.close();
    }
  }));
