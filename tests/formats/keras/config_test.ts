import { assertEquals } from "@std/assert";
import { graphOfConfig } from "../../../src/formats/keras/config.ts";

const none = new Map<string, readonly string[]>();
/** Nodes as "name < inputs". */
const sketch = (config: unknown, tensors = none) =>
  graphOfConfig(config, tensors)?.nodes
    .map(({ name, inputs }) => [name, ...inputs.length > 0 ? ["<", ...inputs] : []].join(" "));

const layer = (name: string, ...inbound: unknown[]) => ({
  class_name: name.startsWith("in") ? "InputLayer" : "Dense",
  name,
  config: { name },
  inbound_nodes: inbound,
});
const model = (layers: unknown[], inputs: unknown[], outputs: unknown[]) => ({
  class_name: "Functional",
  config: { name: "model", layers, input_layers: inputs, output_layers: outputs },
});
const tensor = (name: string, call = 0, index = 0) => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 4], dtype: "float32", keras_history: [name, call, index] },
});

Deno.test("a sequential model is a chain, in all three spellings", () => {
  const layers = [
    { class_name: "Dense", config: { name: "a" } },
    { class_name: "Activation", config: { name: "b" } },
    { class_name: "Dense", config: { name: "c" } },
  ];
  const chain = ["a", "b < a", "c < b"];
  assertEquals(sketch({ class_name: "Sequential", config: layers }), chain);
  assertEquals(sketch({ class_name: "Sequential", config: { name: "s", layers } }), chain);
  const wrapped = { model_config: { class_name: "Sequential", config: { layers } } };
  assertEquals(sketch(wrapped), chain);
});

Deno.test("nodes carry their class and their tensors", () => {
  const config = {
    class_name: "Sequential",
    config: [{ class_name: "Conv2D", config: { name: "a" } }],
  };
  assertEquals(graphOfConfig(config, new Map([["a", ["a/kernel", "a/bias"]]])), {
    nodes: [{ name: "a", op: "Conv2D", inputs: [], tensors: ["a/kernel", "a/bias"] }],
  });
});

Deno.test("a residual join of Keras 2, listed out of order, runs in order", () => {
  const config = model(
    [
      layer("add", [["a", 0, 0, {}], ["b", 0, 0, {}]]),
      layer("b", [["a", 0, 0, {}]]),
      layer("a", [["in", 0, 0, {}]]),
      layer("in"),
    ],
    [["in", 0, 0]],
    [["add", 0, 0]],
  );
  assertEquals(sketch(config), ["in", "a < in", "b < a", "add < a b"]);
});

Deno.test("arguments by name are inputs, and constants are not", () => {
  const config = model(
    [
      layer("in"),
      layer("a", [["in", 0, 0, {}]]),
      // TensorFlow's operations as layers: the call is one reference, not a list of them.
      layer("b", ["a", 0, 0, { y: ["in", 0, 0], axis: -1, z: ["_CONSTANT_VALUE", -1, 2] }]),
    ],
    [["in", 0, 0]],
    [["b", 0, 0]],
  );
  assertEquals(sketch(config), ["in", "a < in", "b < a in"]);
});

Deno.test("calls of Keras 3 are found in lists and by name", () => {
  const config = model(
    [
      layer("in"),
      layer("a", { args: [tensor("in")], kwargs: { mask: null } }),
      layer("add", { args: [[tensor("in"), tensor("a")]], kwargs: {} }),
      layer("att", { args: [tensor("add")], kwargs: { key: tensor("a") } }),
    ],
    ["in", 0, 0],
    ["att", 0, 0],
  );
  assertEquals(sketch(config), ["in", "a < in", "add < in a", "att < add a"]);
});

Deno.test("a layer that is called twice has a node for each call", () => {
  const deep = [[[[[[["in", 0, 0, {}]]]]]]];
  const config = model(
    [
      layer("in"),
      layer("a", deep, [["b", 0, 0, {}]]),
      layer("b", [["a", 0, 0, {}]]),
      layer("c", [["a", 1, 0, {}]]),
    ],
    [["in", 0, 0]],
    [["c", 0, 0]],
  );
  assertEquals(sketch(config), ["in", "a < in", "b < a", "a (2) < b", "c < a (2)"]);
});

Deno.test("a model within a model is written out, its inputs and outputs joined", () => {
  const inner = {
    ...model(
      [
        layer("in1"),
        layer("in2"),
        layer("x", [["in1", 0, 0, {}]]),
        layer("y", [["in2", 0, 0, {}], ["x", 0, 0, {}]]),
      ],
      [["in1", 0, 0], ["in2", 0, 0]],
      [["x", 0, 0], ["y", 0, 0]],
    ),
    name: "inner",
    inbound_nodes: [[["in", 0, 0, {}], ["a", 0, 0, {}]]],
  };
  const config = model(
    [layer("in"), layer("a", [["in", 0, 0, {}]]), inner, layer("b", [["inner", 0, 1, {}]])],
    [["in", 0, 0]],
    [["b", 0, 0]],
  );
  assertEquals(sketch(config), [
    "in",
    "a < in",
    "inner/in1 < in",
    "inner/in2 < a",
    "inner/x < inner/in1",
    "inner/y < inner/in2 inner/x",
    "b < inner/y",
  ]);
  const tensors = new Map([["inner/x", ["inner/x/kernel"]], ["y", ["y/kernel"]]]);
  const nodes = graphOfConfig(config, tensors)!.nodes;
  assertEquals(nodes.flatMap((node) => node.tensors), ["inner/x/kernel", "y/kernel"]);
});

Deno.test("what is no config, or a circle, or grows without end has no graph", () => {
  for (const config of [null, 3, [], {}, { class_name: "Model" }, { config: { layers: [3] } }]) {
    assertEquals(graphOfConfig(config, none), undefined);
  }
  const circle = model([layer("a", [["b", 0, 0]]), layer("b", [["a", 0, 0]])], [], []);
  assertEquals(sketch(circle), undefined);
  assertEquals(sketch(model([layer("a"), layer("a")], [], [])), undefined);
  for (const innermost of [[], [layer("in")]]) {
    let bomb: object = model(innermost, [], []);
    for (let depth = 0; depth < 14; depth++) {
      const calls = Array.from({ length: 8 }, () => []);
      bomb = model([{ ...bomb, name: "m", inbound_nodes: calls }], [], []);
    }
    assertEquals(sketch(bomb), undefined);
  }
});

Deno.test("100,000 layers in a chain, last first, come in order", () => {
  const layers = Array.from(
    { length: 99_999 },
    (_, i) => layer(`l${i}`, ...(i > 0 ? [[[`l${i - 1}`, 0, 0, {}]]] : [])),
  ).reverse();
  assertEquals(sketch(model(layers, [], []))?.at(-1), "l99998 < l99997");
});
