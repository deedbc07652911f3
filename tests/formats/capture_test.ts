import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, FormatError } from "../../src/errors.ts";
import { openModel } from "../../src/model/open.ts";
import { inFolder } from "../storage/folder.ts";
import { modelFile } from "../tile/models.ts";
import { valuesOf } from "./values.ts";

const captures = new URL("../../fixtures/captures/", import.meta.url).pathname;

const one = (shape: readonly number[], value: number) => ({
  shape,
  values: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(value),
});

/** A step of a layer "fc", whose values are all this one. */
const stepFile = (value: number, more = {}) =>
  modelFile({
    "weight/fc.weight": one([2, 3], value),
    "weight/fc.bias": one([2], value),
    "grad/fc.weight": one([2, 3], -value),
    "act/fc": one([4, 2], 10 * value),
    "act/later": one([4, 5], value),
    "attn/heads": one([1, 4, 4], value),
    ...more,
  });

const describe = (folder: string, body: unknown) =>
  Deno.writeTextFile(`${folder}/capture.json`, JSON.stringify(body));

async function two(folder: string, more = {}): Promise<void> {
  await Deno.writeFile(`${folder}/b.safetensors`, stepFile(2));
  await Deno.writeFile(`${folder}/a.safetensors`, stepFile(1));
  await describe(folder, {
    layers: ["later", "heads"],
    steps: [
      { step: 7, file: "b.safetensors", loss: 0.25, kl: [1, 2] },
      { step: 3, file: "a.safetensors" },
    ],
    ...more,
  });
}

Deno.test("capture: a folder opens as the network of its last step, with what was captured", () =>
  inFolder(async (folder) => {
    await two(folder);
    const model = await openModel(folder);
    assertEquals([model.format, model.step, model.parameters], ["capture", 7, 8]);
    assertEquals(model.steps, [
      { step: 3, facts: {} },
      { step: 7, facts: { loss: 0.25, kl: { count: 2, first: [1, 2] } } },
    ]);
    assertEquals(
      model.layers.map(({ name, kind, tensors, captured }) => [
        ...[name, kind, tensors.length],
        captured.map(({ kind, of, tensor }) => `${kind} of ${of}: ${tensor.name}`),
      ]),
      [
        ["fc", "linear", 2, ["gradient of fc.weight: grad/fc.weight", "activation of fc: act/fc"]],
        ["later", "activation", 0, ["activation of later: act/later"]],
        ["heads", "attention", 0, ["attention of heads: attn/heads"]],
      ],
    );
    const valueAt = async (step: number, name: string) => {
      const tensor = model.at(step).tensors.find((tensor) => tensor.name === name)!;
      return (await valuesOf(tensor))[0];
    };
    assertEquals([await valueAt(3, "fc.weight"), await valueAt(7, "fc.weight")], [1, 2]);
    assertEquals([await valueAt(3, "grad/fc.weight"), await valueAt(7, "act/fc")], [-1, 20]);
    assertEquals(model.at(7), model);
    const error = assertThrows(() => model.at(4), BadRequest);
    assertMatch(error.message, /step=4: model ".*" has the steps 3, 7/);
    model.close();
  }));

Deno.test("capture: what is the same at all steps is there in each", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/s.safetensors`, modelFile({ input: one([4, 3], 5) }));
    await two(folder, { static: "s.safetensors" });
    const model = await openModel(folder);
    for (const { step } of model.steps) {
      const layer = model.at(step).layers.find(({ name }) => name === "input")!;
      assertEquals([layer.kind, layer.main.shape], ["sample", [4, 3]]);
    }
    model.close();
  }));

Deno.test("capture: steps that cannot be used are told of, and the others are there", () =>
  inFolder(async (folder) => {
    await two(folder);
    await Deno.writeFile(
      `${folder}/odd.safetensors`,
      stepFile(1, { "weight/fc.bias": one([3], 0) }),
    );
    await Deno.writeFile(`${folder}/cut.safetensors`, stepFile(1).slice(0, 300));
    await describe(folder, {
      steps: ["a", "gone", "odd", "cut"].map((name, step) => ({
        step,
        file: `${name}.safetensors`,
      })),
    });
    const { steps, failures, close } = await openModel(folder);
    assertEquals(steps.map(({ step }) => step), [0]);
    assertEquals(failures.map(({ file }) => file), [
      "gone.safetensors",
      "odd.safetensors",
      "cut.safetensors",
    ]);
    assertMatch(failures[0]!.detail, /gone\.safetensors.*a file that can be read/);
    assertMatch(failures[1]!.detail, /"weight\/fc\.bias" is \[3\], expected \[2\]/);
    assertMatch(failures[2]!.detail, /header length/);
    close();
  }));

Deno.test("capture: what belongs to nothing is left out, and why is said", () =>
  inFolder(async (folder) => {
    const more = {
      "grad/gone.weight": one([2], 0),
      "grad/fc.bias": one([3], 0),
      "else/fc": one([1], 0),
      bare: one([1], 0),
      weights: one([1], 0),
      "act/": one([1], 0),
    };
    await Deno.writeFile(`${folder}/a.safetensors`, stepFile(1, more));
    await describe(folder, { steps: [{ step: 0, file: "a.safetensors" }] });
    const { ignored, close } = await openModel(folder);
    const reasons = Object.fromEntries(ignored.map(({ name, reason }) => [name, reason]));
    assertEquals(Object.keys(reasons).sort(), Object.keys(more).sort());
    assertEquals(reasons["grad/gone.weight"], "there is no gone.weight");
    assertEquals(reasons["grad/fc.bias"], "fc.bias is [2], not [3]");
    assertMatch(reasons["bare"]!, /none of weight\/, grad\/, act\/, attn\//);
    assertMatch(reasons["weights"]!, /none of weight\//);
    assertEquals(reasons["act/"], "nothing follows the first part of its name");
    close();
  }));

for (
  const [what, body, message] of [
    ["no steps", {}, /steps .*undefined.*a list of 1 to 1000/],
    ["an empty list", { steps: [] }, /0 of them/],
    ["too many", { steps: new Array(1001).fill({}) }, /1001 of them/],
    ["a step that is none", { steps: [3] }, /steps\[0\].*an object/],
    ["a negative step", { steps: [{ step: -1, file: "a" }] }, /steps\[0\]\.step.*-1/],
    ["a step without a file", { steps: [{ step: 1 }] }, /steps\[0\]\.file/],
    [
      "a step given twice",
      { steps: [{ step: 1, file: "a" }, { step: 1, file: "b" }] },
      /steps\[1\]\.step.*given once/,
    ],
    ["a file out of the folder", { steps: [{ step: 1, file: "../a.safetensors" }] }, /\.\.\/a/],
    ["layers that are no names", { steps: [{ step: 1, file: "a" }], layers: [1] }, /layers/],
    ["a static file that is no name", { steps: [{ step: 1, file: "a" }], static: 3 }, /static/],
  ] as const
) {
  Deno.test(`capture: ${what} is refused`, () =>
    inFolder(async (folder) => {
      await describe(folder, body);
      const error = await assertRejects(() => openModel(folder), FormatError);
      assertMatch(error.message, message);
    }));
}

Deno.test("capture: a change of any step is another version", () =>
  inFolder(async (folder) => {
    await two(folder);
    const before = await openModel(folder);
    await Deno.writeFile(`${folder}/a.safetensors`, stepFile(5));
    assertThrows(() => before.at(3).check(), Error, "a.safetensors");
    const after = await openModel(folder);
    assertEquals(after.version === before.version, false);
    before.close();
    after.close();
  }));

Deno.test("capture: a real training has all that was captured of each layer", async () => {
  const model = await openModel(`${captures}digits-cnn`);
  assertEquals(model.id, "digits-cnn");
  assertEquals(model.steps.map(({ step }) => step), [0, 10, 400]);
  assertEquals([model.ignored, model.failures], [[], []]);
  assertEquals(
    model.layers.map(({ name, kind, captured }) => [name, kind, captured.length]),
    [
      ["conv1", "convolution", 3],
      ["conv2", "convolution", 3],
      ["conv3", "convolution", 3],
      ["fc1", "linear", 3],
      ["fc2", "linear", 3],
      ["input", "sample", 1],
      ["label", "sample", 1],
    ],
  );
  model.close();
});
