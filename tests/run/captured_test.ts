import { assertEquals } from "@std/assert";
import type { TensorInfo } from "../../src/formats/format.ts";
import type { Network, NetworkNode } from "../../src/formats/onnx/network.ts";
import type { Layer } from "../../src/model/model.ts";
import { capturedOf } from "../../src/run/captured.ts";

const layer = (name: string, ...tensors: string[]) =>
  ({ name, tensors: tensors.map((name) => ({ name }) as TensorInfo) }) as unknown as Layer;
const node = (op: string, inputs: string[], outputs: string[]): NetworkNode => ({
  op,
  inputs,
  outputs,
});

/** What is captured of values of these shapes: kind, layer and shape each. */
function captured(
  nodes: readonly NetworkNode[],
  shapes: Readonly<Record<string, readonly number[]>>,
  { layers = [], outputs = [], type = "float32" }: {
    readonly layers?: readonly Layer[];
    readonly outputs?: readonly string[];
    readonly type?: string;
  } = {},
) {
  const network: Network = { inputs: [], outputs, nodes, files: [] };
  const given = Object.entries(shapes).map(([name, shape]) => ({
    ...{ name, type, shape },
    bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)),
  }));
  return capturedOf({ outputs: given, seconds: 0 }, [], network, layers)
    .map(({ kind, of, tensor: { shape } }) => [kind, of, shape]);
}

Deno.test("a layer's activation is what its weights give, and then an activation function alone", () => {
  const layers = [layer("fc", "fc.weight", "fc.bias")];
  const product = [node("MatMul", ["x", "fc.weight"], ["y"]), node("Add", ["y", "fc.bias"], ["z"])];
  const of = (more: NetworkNode[], outputs: string[] = []) =>
    captured([...product, ...more], { y: [1], z: [1], r: [1] }, { layers, outputs });
  const named = (y: string, z: string, r: string) =>
    [y, z, r].map((name) => ["activation", name, [1]]);
  assertEquals(of([node("Relu", ["z"], ["r"])]), named("y", "z", "fc"));
  assertEquals(of([node("MaxPool", ["z"], ["r"])]), named("y", "fc", "r"));
  // Where another takes what is before it too, or the network gives it, that is the layer's.
  const branch = [node("Relu", ["z"], ["r"]), node("Neg", ["z"], ["n"])];
  assertEquals(of(branch), named("y", "fc", "r"));
  assertEquals(of([node("Relu", ["z"], ["r"])], ["z"]), named("y", "fc", "r"));
});

Deno.test("a value that is called as a layer is another one", () => {
  const layers = [layer("y", "y.weight")];
  const nodes = [node("MatMul", ["x", "y.weight"], ["z"]), node("Neg", ["z"], ["y"])];
  assertEquals(captured(nodes, { z: [2], y: [2] }, { layers }), [
    ["activation", "y", [2]],
    ["activation", "y:1", [2]],
  ]);
});

Deno.test("softmaxes whose last sides are alike are attention, of one sample at most", () => {
  const of = (shape: readonly number[], op = "Softmax") =>
    captured([node(op, ["x"], ["a"])], { a: shape })[0];
  assertEquals(of([1, 3, 4, 4]), ["attention", "a", [3, 4, 4]]);
  assertEquals(of([3, 4, 4]), ["attention", "a", [3, 4, 4]]);
  assertEquals(of([4, 4]), ["attention", "a", [4, 4]]);
  for (const shape of [[2, 3, 4, 4], [1, 3, 4, 5], [4], [1, 1], [1, 1, 3, 4, 4]]) {
    assertEquals(of(shape), ["activation", "a", shape]);
  }
  assertEquals(of([1, 3, 4, 4], "Relu"), ["activation", "a", [1, 3, 4, 4]]);
});

Deno.test("whole numbers are kept where they are what the network gives", () => {
  const nodes = [node("Shape", ["x"], ["a"])];
  assertEquals(captured(nodes, { a: [2] }, { type: "int32" }), []);
  assertEquals(captured(nodes, { a: [2] }, { type: "int32", outputs: ["a"] }), [
    ["activation", "a", [2]],
  ]);
});
