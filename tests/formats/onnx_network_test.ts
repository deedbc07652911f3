import { assertEquals } from "@std/assert";
import { readNetwork } from "../../src/formats/onnx/network.ts";
import { withOutputs } from "../../src/formats/onnx/outputs.ts";
import { parts } from "../../src/formats/protobuf.ts";
import { MemorySource } from "../../src/storage/memory.ts";

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
