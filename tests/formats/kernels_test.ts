import { assertEquals } from "@std/assert";
import { rowMajor, type TensorInfo } from "../../src/formats/format.ts";
import { withNamedKernel, withNamedKernels } from "../../src/formats/kernels.ts";
import { onnx } from "../../src/formats/onnx.ts";
import { kernelsOf, withKernels } from "../../src/formats/tensorflow/kernels.ts";
import type { Node } from "../../src/formats/tensorflow/nodes.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { FLOAT, graphProto, node, onnxFile, raw, tensorProto } from "./onnx_build.ts";
import { concat } from "./build.ts";
import { field } from "./protobuf_build.ts";

const tensorOf = (name: string, shape: readonly number[]): TensorInfo => ({
  name,
  dtype: "F32",
  shape,
  strides: rowMajor(shape),
  bigEndian: false,
  source: new MemorySource("none", new Uint8Array()).ref,
  offset: 0,
  bytes: 0,
});

const LAST = [3, 2, 0, 1], TURNED = [2, 3, 0, 1];

Deno.test("names of Keras' weights, and classes of their layers, tell the order of axes", () => {
  const four = [3, 3, 8, 4], three = [3, 8, 4];
  type Case = [name: string, shape: readonly number[], layer: string, layout?: readonly number[]];
  const cases: readonly Case[] = [
    ["a/conv2d/kernel:0", four, "", LAST],
    ["a/conv2d/bias:0", [4], ""],
    ["a/conv2d/kernel:1", four, ""],
    ["dense/kernel", [8, 4], "", [1, 0]],
    ["dense/embeddings", [8, 4], ""],
    ["conv3d/kernel", [1, 2, 3, 8, 4], "", [4, 3, 0, 1, 2]],
    ["up/kernel", four, "Conv2DTranspose", TURNED],
    ["conv2d_transpose_1/kernel:0", four, "", TURNED],
    ["transposed/kernel", four, "Conv2D", LAST],
    ["dw/kernel", four, "DepthwiseConv2D", TURNED],
    ["dw/depthwise_kernel", four, "", TURNED],
    ["mix/depthwise_kernel", three, "SeparableConv1D", [1, 2, 0]],
    ["mix/pointwise_kernel", three, "SeparableConv1D", [2, 1, 0]],
    ["lstm/lstm_cell/recurrent_kernel", [8, 32], "LSTM", [1, 0]],
    ["mha/query/kernel", [8, 2, 4], "MultiHeadAttention", [1, 2, 0]],
    ["mha/attention_output/kernel", [2, 4, 8], "MultiHeadAttention", [2, 0, 1]],
    ["layers/dense_3/vars/0", [8, 4], "", [1, 0]],
    ["layers/embedding/vars/0", [8, 4], ""],
    ["layers/gru/cell/vars/1", [8, 24], "", [1, 0]],
    ["layers/gru/cell/vars/2", [2, 24], ""],
    ["layers/depthwise_conv2d/vars/0", four, "", TURNED],
    ["layers/separable_conv2d/vars/1", [1, 1, 8, 4], "", LAST],
    ["layers/time_distributed/layer/vars/0", [8, 4], "TimeDistributed", [1, 0]],
    ["layers/my_own/vars/0", [8, 4], ""],
    ["kernel", [8, 4], "", [1, 0]],
    ["pixels", four, ""],
  ];
  for (const [name, shape, layer, layout] of cases) {
    assertEquals(withNamedKernel(tensorOf(name, shape), layer).layout, layout, name);
  }
});

Deno.test("what an optimizer keeps of Keras' kernels has their order of axes, where shapes tell", () => {
  const tensors = ["optimizer/vars/3", "up/kernel"].map((name) => tensorOf(name, [3, 3, 8, 4]));
  const graph = {
    nodes: [{ name: "up", op: "Conv2DTranspose", inputs: [], tensors: ["up/kernel"] }],
  };
  assertEquals(withNamedKernels(tensors, graph).map(({ layout }) => layout), [LAST, TURNED]);
});

Deno.test("TensorFlow's operations tell the order of axes, else names do, else shapes", () => {
  const tensors = [
    ["conv", [3, 3, 8, 4]],
    ["apart", [3, 3, 8, 1]],
    ["back", [3, 3, 4, 8]],
    ["line", [5, 8, 4]],
    ["product", [8, 4]],
    ["tied/kernel", [8, 4]],
    ["stack", [2, 8, 4]],
    ["slim/weights", [8, 4]],
    ["slim/weights/Adam_1", [8, 4]],
    ["dense/kernel/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE", [8, 4]],
    ["Variable", [5, 5, 1, 6]],
    ["Variable_4", [400, 120]],
    ["bert/embeddings", [2, 3, 8, 4]],
    ["pictures", [64, 64, 3, 9]],
  ].map(([name, shape]) => tensorOf(name as string, shape as number[]));
  const of = (op: string, weight: string, more: Partial<Node> = {}): Node => ({
    name: `${op} of ${weight}`,
    op,
    inputs: ["x", weight],
    ...more,
  });
  const nodes: Node[] = [
    of("Conv2D", "read"),
    { name: "read", op: "Identity", inputs: ["conv"] },
    of("DepthwiseConv2dNative", "apart:0"),
    of("Conv2DBackpropInput", "back"),
    of("Conv2D", "wide"),
    { name: "wide", op: "ExpandDims", inputs: ["line", "axis"] },
    of("MatMul", "product"),
    of("MatMul", "tied/kernel", { transposes: true }),
    of("BatchMatMulV2", "stack"),
    { name: "round", op: "Identity", inputs: ["round"] },
    of("MatMul", "round"),
  ];
  const names = new Map(tensors.map(({ name }) => [name, name]));
  const layouts = withKernels(tensors, kernelsOf(nodes, names)).map(({ layout }) => layout);
  assertEquals(layouts, [
    LAST,
    TURNED,
    TURNED,
    [2, 1, 0],
    [1, 0],
    undefined,
    undefined,
    [1, 0],
    [1, 0],
    [1, 0],
    LAST,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("ONNX's operations tell the order of axes, also through those that keep it", async () => {
  const flag = (name: string, value: number) => field(5, concat(field(1, name), field(3, value)));
  const shapes: Readonly<Record<string, readonly number[]>> = {
    product: [4, 3],
    gemm: [4, 3],
    linear: [3, 4],
    first: [3, 4],
    cast: [4, 3],
    permuted: [3, 4],
    conv: [3, 4, 1, 2],
    turned: [4, 3, 1, 2],
    stack: [2, 4, 3],
  };
  const tensors = Object.entries(shapes).map(([name, shape]) =>
    tensorProto(name, shape, FLOAT, raw(4 * shape.reduce((a, b) => a * b)))
  );
  const nodes = [
    node("MatMul", ["x", "product"], ["1"]),
    node("Gemm", ["x", "gemm"], ["2"], flag("transB", 0)),
    node("Gemm", ["x", "linear"], ["3"], flag("transA", 0), flag("transB", 1)),
    node("MatMul", ["first", "x"], ["4"]),
    node("Cast", ["cast"], ["half"]),
    node("DequantizeLinear", ["half", "scale"], ["whole"]),
    node("MatMul", ["x", "whole"], ["5"]),
    node("Transpose", ["permuted"], ["other"]),
    node("MatMul", ["x", "other"], ["6"]),
    node("Conv", ["x", "conv"], ["7"]),
    node("ConvTranspose", ["x", "turned"], ["8"]),
    node("MatMul", ["x", "stack"], ["9"]),
  ];
  const source = new MemorySource("m.onnx", onnxFile(graphProto(tensors, nodes)));
  const listing = await onnx.list(source);
  const layouts = Object.fromEntries(listing.tensors.map(({ name, layout }) => [name, layout]));
  assertEquals(layouts, {
    product: [1, 0],
    gemm: [1, 0],
    linear: undefined,
    first: undefined,
    cast: [1, 0],
    permuted: undefined,
    conv: undefined,
    turned: [1, 0, 2, 3],
    stack: undefined,
  });
});
