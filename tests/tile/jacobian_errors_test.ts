import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, NotFound, TooLarge } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { inFolder } from "../storage/folder.ts";
import { onCapture, withCapture } from "./captures.ts";
import { pictureOf, withTensors, writeZeros } from "./jacobians.ts";

Deno.test("jacobian: what cannot be shown says what it needs, and what was given", () =>
  onCapture("digits-mlp", async (engine) => {
    const open = (query: string, layer = "l4") =>
      assertThrows(
        () => engine.view("digits-mlp", layer, "jacobian", new URLSearchParams(query)),
        Error,
      );
    const says = (error: Error, kind: typeof BadRequest | typeof NotFound, pattern: RegExp) => {
      assert(error instanceof kind, `${error}`);
      assertMatch(error.message, pattern);
    };
    says(open("sample=4"), BadRequest, /^sample=4 is not among those of "input": 0 to 3$/);
    says(open("sample=-1"), BadRequest, /sample=-1/);
    says(open("method=guess"), BadRequest, /method=guess is not one of auto, exact/);
    says(open("samples=1"), BadRequest, /samples=1/);
    says(open("", "l1.fc"), NotFound, /it needs a layer of a network that can be followed/);
    says(open("", "label"), NotFound, /it needs a layer of a network that can be followed/);
    says(open("", "nothing"), NotFound, /no layer or tensor "nothing"/);
    const late = await assertRejects(
      () => pictureOf(engine, "digits-mlp", "l4", "output=10"),
      BadRequest,
    );
    assertEquals(late.message, "output=10 is not among those of the layer: 0 to 9");
  }));

Deno.test("jacobian: a decoder's tokens are no fractions", () =>
  onCapture("decoder", (engine) => {
    const error = assertThrows(
      () => engine.view("decoder", "block3", "jacobian", new URLSearchParams()),
      NotFound,
    );
    assertMatch(error.message, /needs an input of fractions: "input" holds whole numbers \(I64\)/);
    return Promise.resolve();
  }));

Deno.test("jacobian: a capture that no network gives says which layer is unlike, and by how much", () =>
  withTensors(
    {
      "weight/fc.weight": { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
      "act/fc": { shape: [2, 2], values: Float32Array.of(1, -2, 3, -4) },
    },
    { input: { shape: [2, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0) } },
    async (engine) => {
      const error = await assertRejects(() => pictureOf(engine, "capture", "fc", ""), NotFound);
      assertMatch(
        error.message,
        /^what layer "fc" does is not known: of 15 ways .* is off by 1\.5 of/,
      );
      assertEquals(error.details["layer"], "fc");
    },
  ));

Deno.test("jacobian: weights that the input does not fit are named before anything is read", () =>
  withTensors(
    {
      "weight/fc.weight": { shape: [2, 5], values: new Float32Array(10) },
      "act/fc": { shape: [2, 2], values: new Float32Array(4) },
    },
    { input: { shape: [2, 3], values: new Float32Array(6) } },
    (engine) => {
      const error = assertThrows(
        () => engine.view("capture", "fc", "jacobian", new URLSearchParams()),
        NotFound,
      );
      assertMatch(error.message, /weights that take the input's 3 features: "fc.weight" takes 5$/);
      return Promise.resolve();
    },
  ));

Deno.test("jacobian: pictures without an axis of channels have one; others need as many as are taken", () =>
  withTensors(
    {
      "weight/c.weight": { shape: [1, 1, 1, 1], values: Float32Array.of(2) },
      "act/c": { shape: [1, 1, 2, 2], values: Float32Array.of(2, -4, 6, 8) },
    },
    { input: { shape: [1, 2, 2], values: Float32Array.of(1, -2, 3, 4) } },
    async (engine) => {
      const { values } = await pictureOf(engine, "capture", "c", "");
      assertEquals([...values], [2, 2, 2, 2]);
      const odd = {
        "weight/c.weight": { shape: [1, 2, 1, 1], values: new Float32Array(2) },
        "act/c": { shape: [1, 1, 2, 2], values: new Float32Array(4) },
      };
      await withTensors(
        odd,
        { input: { shape: [1, 3, 2, 2], values: new Float32Array(12) } },
        (other) => {
          const open = () => other.view("capture", "c", "jacobian", new URLSearchParams());
          assertMatch(
            assertThrows(open, NotFound).message,
            /weights that take the input's 3 features: "c.weight" takes 2$/,
          );
          return Promise.resolve();
        },
      );
    },
  ));

Deno.test("jacobian: a capture that lacks something says what, and what there is", async () => {
  const two = { shape: [2, 2], values: new Float32Array(4) };
  const weight = { "weight/a.weight": two, "weight/b.weight": two }, input = { input: two };
  const layers = ["a", "b"];
  const odd = (shape: number[]) => ({
    ...weight,
    "act/a": { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
  });
  const line = { input: { shape: [4], values: new Float32Array(4) } };
  for (
    const [tensors, samples, expected] of [
      [weight, input, 'a capture with "input" and "act/a", or a run of an ONNX file'],
      [
        { ...weight, "act/b": two },
        input,
        'captured activations of all layers: "act/a" is not there',
      ],
      [
        odd([3, 2]),
        input,
        'activations of its 2 samples, or of the first of them: "act/a" is [3,2]',
      ],
      [
        odd([0, 2]),
        input,
        'activations of its 2 samples, or of the first of them: "act/a" is [0,2]',
      ],
      [odd([2, 2]), line, "samples of several features: it is [4]"],
    ] as const
  ) {
    await withTensors(tensors, samples, (engine) => {
      const open = () => engine.view("capture", "a", "jacobian", new URLSearchParams());
      const { message } = assertThrows(open, NotFound);
      assert(message.endsWith(expected), message);
      return Promise.resolve();
    }, { layers });
  }
});

Deno.test("jacobian: what is too large is refused by number and limit, before it is read", async () => {
  const says = (
    expected: string,
    shapes: Readonly<Record<string, readonly number[]>>,
    samples: readonly number[],
  ): Promise<void> =>
    inFolder(async (home) => {
      const folder = `${home}/capture`;
      await Deno.mkdir(folder);
      await writeZeros(`${folder}/a.safetensors`, shapes);
      await writeZeros(`${folder}/s.safetensors`, { input: samples });
      const capture = { steps: [{ step: 0, file: "a.safetensors" }], static: "s.safetensors" };
      await Deno.writeTextFile(`${folder}/capture.json`, JSON.stringify(capture));
      const engine = await createEngine([folder], { workers: 1 });
      try {
        const { message } = await assertRejects(
          () => pictureOf(engine, "capture", "c", ""),
          TooLarge,
        );
        assertEquals(message, expected);
      } finally {
        await engine.close();
      }
    });
  const side = 2 ** 14;
  await says(
    `the network's weights and samples are ${side ** 2 + side} numbers or more, of which ` +
      `${2 ** 27} can be held`,
    { "weight/c.weight": [side, side], "act/c": [1, side] },
    [1, side],
  );
  await says(
    "64 probes by 1050625 inputs are 67240000 numbers, of which 67108864 can be held: " +
      "take fewer probes",
    { "act/c": [1, 1, 1025, 1025] },
    [1, 1, 1025, 1025],
  );
  await says(
    `"input, sample 0, Jacobian of "c", at most 64 probes" would have ` +
      `${3 * side ** 2} elements, of which ${2 ** 28} can be made`,
    { "act/c": [1, side, side] },
    [1, side, side],
  );
});

Deno.test("jacobian: a capture without an input cannot be followed", () =>
  withCapture({ "act/a": { shape: [2, 2], values: new Float32Array(4) } }, (engine) => {
    const error = assertThrows(
      () => engine.view("capture", "a", "jacobian", new URLSearchParams()),
      NotFound,
    );
    assertMatch(error.message, /a capture with "input" and "act\/a", or a run of an ONNX file$/);
    return Promise.resolve();
  }));
