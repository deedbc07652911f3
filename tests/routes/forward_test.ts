import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import sharp from "sharp";
import { fileURLToPath } from "node:url";
import { expected } from "../run/networks.ts";
import { withRuntime } from "../run/runtime.ts";
import { npyOf, twoInputs } from "../run/two.ts";
import { inFolder } from "../storage/folder.ts";
import { type Body, json, network, npy, serving, valuesOf } from "./running.ts";

const values = fileURLToPath(new URL("../../fixtures/numpy/version-1.npy", import.meta.url));

function assertNear(found: ArrayLike<number>, wanted: readonly number[]): void {
  assertEquals(found.length, wanted.length);
  for (const [i, value] of wanted.entries()) assertAlmostEquals(found[i]!, value, 2e-5, `at ${i}`);
}

withRuntime(
  "a network's own outputs and all between are what NumPy computes of them",
  () =>
    serving([network("convolutions")], async (ask) => {
      const { inputs, values } = expected.convolutions;
      const made = await ask("POST", "/models/convolutions/forward", json({ inputs }));
      assertEquals(made.status, 201, made.body?.detail);
      assertEquals(made.headers.get("Location"), "/models/convolutions-live?step=1");
      const { results, captured, model, step, seconds } = made.body;
      assertEquals([model, step, typeof seconds], ["convolutions-live", 1, "number"]);
      assertEquals(results.length, 1);
      assertEquals([results[0].name, results[0].dtype, results[0].shape], ["logits", "F32", [
        2,
        2,
      ]]);
      assertNear(results[0].values, values["logits"]!.values);
      const kinds = captured.map(({ kind, layer, shape }: Body) => [kind, layer, shape]);
      assertEquals(kinds, [
        ["activation", "before", [2, 4, 6, 8]],
        ["activation", "c1", [2, 4, 6, 8]],
        ["activation", "c2", [2, 5, 6, 8]],
        ["activation", "pooled", [2, 5, 1, 1]],
        ["activation", "flat", [2, 5]],
        ["activation", "fc", [2, 2]],
        ["sample", "picture", [2, 3, 6, 8]],
      ]);

      // A sample's maps: two rows of two, each of 6 × 8.
      for (const [layer, name] of [["c1", "after"], ["before", "before"]] as const) {
        const path = `/tiles/convolutions-live/${layer}/activations/0/0/0.npy`;
        for (const sample of [0, 1]) {
          const tile = await ask("GET", `${path}?sample=${sample}&step=1`);
          assertEquals(tile.status, 200, tile.body?.detail);
          const found = valuesOf(tile.bytes, 16, 12);
          const maps = values[name]!.values.slice(sample * 192, (sample + 1) * 192);
          const wanted = Array.from({ length: 12 * 16 }, (_, i) => {
            const [y, x] = [Math.floor(i / 16), i % 16];
            return maps[(Math.floor(y / 6) * 2 + Math.floor(x / 8)) * 48 + y % 6 * 8 + x % 8]!;
          });
          assertNear(found, wanted);
        }
      }
    }),
);

withRuntime(
  "the model of runs is listed beside the network, with a step a run, and can be deleted",
  () =>
    serving([network("convolutions")], async (ask) => {
      const before = (await ask("GET", "/models/convolutions")).body;
      const { inputs } = expected.convolutions;
      const zeros = { picture: { shape: [1, 3, 6, 8], values: Array(144).fill(0) } };
      await ask("POST", "/models/convolutions/forward", json({ inputs }));
      const tile = "/tiles/convolutions-live/c1/activations/0/0/0.npy?sample=0";
      const first = await ask("GET", tile);
      await ask("POST", "/models/convolutions/forward", json({ inputs: zeros }));
      const second = await ask("GET", tile);
      assert(first.headers.get("ETag") !== second.headers.get("ETag"));
      assert(`${first.bytes}` !== `${second.bytes}`);
      assertEquals((await ask("GET", `${tile}&step=1`)).bytes, first.bytes);

      const ids = async () => (await ask("GET", "/models")).body.models.map(({ id }: Body) => id);
      assertEquals(await ids(), ["convolutions", "convolutions-live"]);
      const live = (await ask("GET", "/models/convolutions-live")).body;
      assertEquals([live.step, live.steps.map(({ step }: Body) => step)], [2, [1, 2]]);
      const c1 = live.layers.find(({ name }: Body) => name === "c1");
      assertEquals(c1.inputs, before.layers.find(({ name }: Body) => name === "c1").inputs);
      assert(c1.modes.includes("activations") && c1.modes.includes("weights"));
      const weights = "c1/weights/0/0/0.npy";
      assertEquals(
        (await ask("GET", `/tiles/convolutions-live/${weights}`)).bytes,
        (await ask("GET", `/tiles/convolutions/${weights}`)).bytes,
      );
      assertEquals((await ask("GET", "/models/convolutions")).body, before);
      const again = await ask("POST", "/models/convolutions-live/forward", json({ inputs }));
      assertEquals(again.status, 400);

      assertEquals((await ask("DELETE", "/models/convolutions-live")).status, 204);
      assertEquals(await ids(), ["convolutions"]);
      assertEquals((await ask("GET", tile)).status, 404);
      const third = await ask("POST", "/models/convolutions/forward", json({ inputs }));
      assertEquals([third.body.model, third.body.step], ["convolutions-live", 3]);
    }),
);

withRuntime(
  "softmaxes over positions are attention; weights in a file beside are found",
  () =>
    serving([network("attention")], async (ask) => {
      const { inputs, values } = expected.attention;
      const made = await ask("POST", "/models/attention/forward", json({ inputs }));
      assertEquals(made.status, 201, made.body?.detail);
      assertNear(made.body.results[0].values, values["sum"]!.values);
      const found = made.body.captured.filter(({ kind }: Body) => kind === "attention");
      assertEquals(found.map(({ layer, shape }: Body) => [layer, shape]), [["looks", [2, 5, 5]]]);
      // Of whole numbers there are shapes, which are no activations.
      assertEquals(made.body.captured.some(({ layer }: Body) => layer === "sides"), false);
      for (const head of [0, 1]) {
        const tile = await ask(
          "GET",
          `/tiles/attention-live/looks/attention/0/0/0.npy?head=${head}`,
        );
        assertEquals(tile.status, 200, tile.body?.detail);
        assertNear(
          valuesOf(tile.bytes, 5, 5),
          values["looks"]!.values.slice(head * 25, head * 25 + 25),
        );
      }
    }),
);

withRuntime(
  "chosen outputs, by value or layer, are all that is kept besides the network's own",
  () =>
    serving([network("convolutions")], async (ask) => {
      const layersOf = async (path: string, outputs?: unknown) => {
        const { inputs } = expected.convolutions;
        const made = await ask("POST", path, json({ inputs, ...(outputs ? { outputs } : {}) }));
        assertEquals(made.status, 201, made.body?.detail);
        return made.body.captured.map(({ name }: Body) => name);
      };
      const path = "/models/convolutions/forward";
      const own = ["act/fc", "input/picture"];
      assertEquals(await layersOf(path, ["second"]), ["act/c2", ...own]);
      assertEquals(await layersOf(`${path}?outputs=c1,pooled`), [
        ...["act/before", "act/c1", "act/pooled"],
        ...own,
      ]);
      assertEquals(await layersOf(path, []), own);
      assertEquals((await layersOf(`${path}?outputs=c1`, "all")).length, 7);
    }),
);

withRuntime(
  "an array may come as .npy, in either order and byte order",
  () =>
    serving([network("convolutions")], async (ask) => {
      const { values } = expected.convolutions;
      for (
        const [name, query] of [["picture", ""], ["picture-fortran", "?input=picture"]] as const
      ) {
        const path = `/models/convolutions/forward${query}`;
        const made = await ask("POST", path, await npy(`${name}.npy`));
        assertEquals(made.status, 201, made.body?.detail);
        assertNear(made.body.results[0].values, values["logits"]!.values);
      }
      const wrong = await ask(
        "POST",
        "/models/convolutions/forward",
        await npy("picture-float64.npy"),
      );
      assertEquals([wrong.status, wrong.body.found, wrong.body.expected], [400, "F64", "F32"]);
    }),
);

withRuntime(
  "a picture is resized to the input, scaled and shifted",
  () =>
    serving([network("convolutions")], async (ask) => {
      const background = { r: 255, g: 51, b: 0 };
      const image = sharp({ create: { width: 40, height: 30, channels: 3, background } });
      const body = new Uint8Array(await image.png().toBuffer());
      const headers = { "Content-Type": "image/png" };
      const path = "/models/convolutions/forward?scale=2&shift=-1&outputs=c1";
      const made = await ask("POST", path, { body, headers });
      assertEquals(made.status, 201, made.body?.detail);
      const plane = await ask(
        "GET",
        "/tiles/convolutions-live/picture/activations/0/0/0.npy?sample=0",
      );
      assertEquals(plane.status, 200, plane.body?.detail);
      // Three maps of 6 × 8 side by side.
      const found = valuesOf(plane.bytes, 24, 6);
      const at = (map: number, y: number, x: number) => found[y * 24 + map * 8 + x]!;
      for (const [map, wanted] of [1, -0.6, -1].entries()) {
        for (const [y, x] of [[0, 0], [5, 7]] as const) {
          assertAlmostEquals(at(map, y, x), wanted, 1e-6);
        }
      }
      for (const [type, bytes] of [["image/png", "no picture"], ["image/jpeg", ""]] as const) {
        const bad = await ask("POST", path, { body: bytes, headers: { "Content-Type": type } });
        assertEquals(bad.status, 400);
        assertMatch(bad.body.detail, /cannot be read as a picture/);
      }
      const odd = await ask("POST", "/models/convolutions/forward?scale=x", { body, headers });
      assertMatch(odd.body.detail, /scale=x is no number/);
    }),
);

withRuntime(
  "integers, booleans and halves go in and come out",
  () =>
    serving([network("types")], async (ask) => {
      const path = "/models/types/forward";
      const made = await ask("POST", path, json({ inputs: { a: [3, -2], b: [true, 0] } }));
      assertEquals(made.status, 201, made.body?.detail);
      assertEquals(
        made.body.results.map(({ name, dtype, values }: Body) => [name, dtype, values]),
        [["half", "F16", [4, -2]], ["double", "F64", [4, -2]], ["not", "BOOL", [0, 1]]],
      );
      for (const a of [[1.5, 0], ["x", 0], [1e30, 0], [null, 0]]) {
        const bad = await ask("POST", path, json({ inputs: { a, b: [0, 0] } }));
        assertEquals(bad.status, 400);
        assertMatch(bad.body.detail, /input "a" holds .*, expected INT64/);
      }
      for (const b of [[2, 0], [-1, 0], [0.5, 0]]) {
        const bad = await ask("POST", path, json({ inputs: { a: [1, 2], b } }));
        assertMatch(bad.body.detail, /input "b" holds .*, expected BOOL/);
      }
      const both = await ask("POST", path, await npy("picture.npy"));
      assertMatch(both.body.detail, /takes "a", "b": say which/);
    }),
);

Deno.test("a network tells what it is run on; what is no network tells nothing of it", () =>
  serving([network("convolutions"), network("types"), values], async (ask) => {
    const { run } = (await ask("GET", "/models/convolutions")).body;
    assertEquals(run, {
      model: "convolutions",
      url: "/models/convolutions/forward",
      inputs: [{ name: "picture", type: "FLOAT", dtype: "F32", shape: ["n", 3, 6, 8] }],
    });
    const { inputs } = (await ask("GET", "/models/types")).body.run;
    assertEquals(inputs.map(({ dtype, shape }: Body) => [dtype, shape]), [["I64", ["n"]], [
      "BOOL",
      ["n"],
    ]]);
    assertEquals((await ask("GET", "/models/version-1")).body.run, undefined);
  }));

/** A form with these files. */
const form = (...files: readonly (readonly [input: string, file: File | string])[]) => {
  const body = new FormData();
  for (const [input, file] of files) body.append(input, file);
  return { body };
};

withRuntime(
  "inputs come as files of a form, each of its own kind",
  () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/two.onnx`, twoInputs());
      await serving([`${folder}/two.onnx`, network("convolutions")], async (ask) => {
        const x = [1, 0, 0, 0, 0, 0, 0, 2], shift = [0, 1, -10, 0, 0, 0];
        const jsonFile = (value: unknown) => new File([JSON.stringify(value)], "a.json");
        const made = await ask(
          "POST",
          "/models/two/forward",
          form(["x", jsonFile([x])], ["shift", new File([npyOf(shift)], "shift.npy")]),
        );
        assertEquals(made.status, 201, made.body?.detail);
        const wanted = shift.map((s, i) => Math.max(0, i / 16 - 1 + 2 * ((42 + i) / 16 - 1) + s));
        assertNear(made.body.results[0].values, wanted);
        // Of the model of runs: which network to run again.
        assertEquals((await ask("GET", "/models/two-live")).body.run.model, "two");

        const picture = await sharp({
          create: { width: 5, height: 5, channels: 3, background: "#ff0000" },
        }).png().toBuffer();
        const file = new File([new Uint8Array(picture)], "red.png", { type: "image/png" });
        const scaled = await ask(
          "POST",
          "/models/convolutions/forward?scale=2",
          form(["picture", file]),
        );
        assertEquals(scaled.status, 201, scaled.body?.detail);
        const tile = "/tiles/convolutions-live/picture/activations/0/0/0.npy";
        const seen = await ask("GET", tile);
        assertEquals(valuesOf(seen.bytes, 8, 6)[0], 2, seen.body?.detail);
      });
    }),
);

Deno.test("forms that are none, twice the same, texts, broken JSON: each is told", () =>
  serving([network("convolutions")], async (ask) => {
    const path = "/models/convolutions/forward";
    const refused = async (init: RequestInit, why: RegExp) => {
      const { status, body } = await ask("POST", path, init);
      assertEquals(status, 400);
      assertMatch(body.detail, why);
    };
    const file = new File(["{"], "a.json");
    await refused(form(["picture", "text"]), /input "picture" of the form is a text/);
    await refused(form(["picture", new File(["[]"], "a.json")], ["picture", file]), /given twice/);
    await refused(form(["picture", file]), /input "picture" is not JSON: "a.json"/);
    await refused(form(["other", new File(["[1]"], "a.json")]), /no input "other".*"picture"/);
    await refused(form(), /input "picture" is missing: FLOAT \[n, 3, 6, 8\]/);
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    await refused({ headers, body: "none" }, /no form/);
    await refused({ headers: { "Content-Type": "multipart/form-data" }, body: "" }, /no form/);
  }));
