import { assertEquals } from "@std/assert";
import { readNetwork } from "../../src/formats/onnx/network.ts";
import { readOperations } from "../../src/formats/onnx/operations.ts";
import { withOutputs } from "../../src/formats/onnx/outputs.ts";
import { parts } from "../../src/formats/protobuf.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { concat } from "./build.ts";
import { FLOAT, graphProto, node, onnxFile, raw, tensorProto } from "./onnx_build.ts";
import { field, tag } from "./protobuf_build.ts";

const folder = new URL("../../fixtures/run/", import.meta.url).pathname;
const read = async (name: string) => await Deno.readFile(folder + name);
const networkOf = (bytes: Uint8Array) => readNetwork(new MemorySource("net.onnx", bytes));

Deno.test("a network tells what it takes and gives, and the files beside it", async () => {
  const { inputs, outputs, nodes, files } = await networkOf(await read("attention.onnx"));
  assertEquals(inputs.map(({ name, tensor }) => [name, tensor]), [
    ["tokens", { element: "FLOAT", sides: ["1", "5", "8"] }],
  ]);
  assertEquals([outputs, files], [["sum"], ["attention.onnx.data"]]);
  assertEquals(nodes[0], { op: "MatMul", inputs: ["tokens", "q.weight"], outputs: ["q"] });
  const types = await networkOf(await read("types.onnx"));
  assertEquals(types.inputs.map(({ tensor }) => tensor), [
    { element: "INT64", sides: ["n"] },
    { element: "BOOL", sides: ["n"] },
  ]);
  // Of a version that lists initializers among the inputs.
  const old = await Deno.readFile(`${folder}../formats/onnx/opt-mnist.onnx`);
  assertEquals((await networkOf(old)).inputs.map(({ name }) => name), ["Input3"]);
});

Deno.test("further outputs stand in a second graph behind the model, which readers merge", async () => {
  const model = await read("convolutions.onnx");
  assertEquals(withOutputs(model, []), model);
  for (const length of [1, 100, 127, 128, 16_384, 3_000_000]) {
    const names = ["ü", "x".repeat(length), "y"];
    const longer = withOutputs(model, names);
    assertEquals(longer.subarray(0, model.length), model);
    const [graph, ...others] = parts("net.onnx", longer.subarray(model.length));
    assertEquals([graph!.number, others.length], [7, 0]);
    const outputs = [...parts("net.onnx", graph!.bytes)];
    assertEquals(outputs.map(({ number }) => number), [12, 12, 12]);
    const found = outputs.map(({ bytes }) => {
      const [name] = parts("net.onnx", bytes);
      return [name!.number, new TextDecoder().decode(name!.bytes)];
    });
    assertEquals(found, names.map((name) => [1, name]));
  }
});

Deno.test("operations tell their attributes: numbers, lists and texts", async () => {
  const of = (bytes: Uint8Array) => readOperations(new MemorySource("net.onnx", bytes));
  const [conv, relu, second, , flatten, gemm] = await of(await read("convolutions.onnx"));
  assertEquals([conv!.op, conv!.attributes], ["Conv", { pads: [1, 1, 1, 1] }]);
  assertEquals(conv!.inputs, ["picture", "c1.weight", "c1.bias"]);
  assertEquals([relu!.op, relu!.outputs, relu!.attributes], ["Relu", ["after"], {}]);
  assertEquals([second!.attributes, flatten!.op], [{}, "Flatten"]);
  assertEquals([gemm!.op, gemm!.attributes], ["Gemm", { transB: 1 }]);
  const [unknown] = await of(await read("unknown.onnx"));
  assertEquals(unknown!.op.includes("."), true);
  const attention = await of(await read("attention.onnx"));
  assertEquals(attention.find(({ op }) => op === "Softmax")!.attributes, { axis: -1 });
  const own = (name: string, ...fields: Uint8Array[]) =>
    field(5, concat(field(1, name), ...fields));
  const half = tensorProto("", [1], FLOAT, raw(new Uint8Array(Float32Array.of(0.5).buffer)));
  const two = tensorProto("", [2], FLOAT, raw(8));
  const graph = graphProto([], [
    node(
      "Any",
      ["a", "", "b"],
      ["c"],
      own("f", tag(2, 5), new Uint8Array(Float32Array.of(0.25).buffer)),
      own("floats", field(7, new Uint8Array(Float32Array.of(1, 2).buffer))),
      own("ints", field(8, 3), field(8, -4)),
      own("s", field(4, "SAME")),
      own("t", field(5, half)),
      own("many", field(5, two)),
      own("none", field(20, 7)),
      own("body", field(6, graphProto([]))),
    ),
  ]);
  const [any] = await of(onnxFile(graph));
  assertEquals(any!.inputs, ["a", "", "b"]);
  assertEquals(any!.attributes, {
    ...{ f: 0.25, floats: [1, 2], ints: [3, -4], s: "SAME", t: 0.5, none: [] },
    ...{ many: "(no number)", body: "(no number)" },
  });
  const softmax = field(7, graphProto([], [node("Softmax", ["a"], ["b"])]));
  for (const [version, attributes] of [[12, { axis: 1, flattens: 1 }], [13, {}]] as const) {
    const opset = field(8, concat(field(1, ""), field(2, version)));
    const others = field(8, concat(field(1, "other"), field(2, 1)));
    const [found] = await of(concat(field(1, 10), opset, others, softmax));
    assertEquals(found!.attributes, attributes);
  }
});
