import type { NetworkNode } from "../../../src/model/network.ts";

/** Layers of one convolution, product or none: what they do to pictures [n, channels, side, side]. */
export const designs: Readonly<
  Record<string, {
    readonly from?: readonly number[];
    readonly weights?: Readonly<Record<string, readonly number[]>>;
    readonly nodes: readonly (readonly [string, NetworkNode["attributes"], ...string[]])[];
  }>
> = {
  "groups": {
    weights: { "c.weight": [4, 1, 3, 3], "c.bias": [4] },
    nodes: [["Conv", conv(1, 1, 2), "c.weight", "c.bias"], ["Gelu", {}]],
  },
  "no border": {
    weights: { "c.weight": [3, 2, 3, 3] },
    nodes: [["Conv", conv(1, 0), "c.weight"], ["Sigmoid", {}]],
  },
  "a wider border": {
    weights: { "c.weight": [3, 2, 3, 3] },
    nodes: [["Conv", conv(1, 2), "c.weight"], ["Relu", {}]],
  },
  "an even kernel": {
    weights: { "c.weight": [3, 2, 2, 2] },
    nodes: [["Conv", conv(1, 1), "c.weight"], ["Tanh", {}]],
  },
  "patches": {
    weights: { "c.weight": [5, 2, 4, 4] },
    nodes: [["Conv", conv(4, 0), "c.weight"]],
  },
  "steps of three": {
    weights: { "c.weight": [3, 2, 3, 3] },
    nodes: [["Conv", conv(3, 1), "c.weight"], ["Relu", {}]],
  },
  "two convolutions": {
    weights: { "a.weight": [3, 2, 3, 3], "b.weight": [2, 3, 3, 3] },
    nodes: [["Conv", conv(1, 1), "a.weight"], ["Conv", conv(1, 1), "b.weight"], ["Relu", {}]],
  },
  "a norm of pictures": {
    weights: {
      "c.weight": [3, 2, 1, 1],
      ...Object.fromEntries(
        ["weight", "bias", "running_mean", "running_var"].map((name) => [`n.${name}`, [3]]),
      ),
    },
    nodes: [
      ["Conv", conv(1, 0), "c.weight"],
      ["BatchNormalization", { epsilon: 1e-3 }, ...norm()],
      ["Relu", {}],
    ],
  },
  "pictures without an axis of channels": {
    from: [8, 8],
    weights: { "c.weight": [3, 1, 3, 3] },
    nodes: [["Reshape", { shape: [0, 1, 8, 8] }], ["Conv", conv(1, 1), "c.weight"], ["Tanh", {}]],
  },
  "means of maps": {
    weights: { "fc.weight": [3, 2] },
    nodes: [["GlobalAveragePool", {}], ["Flatten", {}], ["Gemm", { transB: 1 }, "fc.weight"]],
  },
  "shares": {
    from: [5],
    weights: { "fc.weight": [4, 5] },
    nodes: [
      ["Gemm", { transB: 1 }, "fc.weight"],
      ["Softmax", {}],
    ],
  },
  ...Object.fromEntries(
    ([
      ["MaxPool", 2, 2, 0],
      ["AveragePool", 2, 2, 0],
      ["MaxPool", 3, 2, 1],
      ["MaxPool", 3, 2, 0],
      ["MaxPool", 3, 3, 0],
      ["MaxPool", 4, 4, 0],
      ["AveragePool", 3, 3, 0],
      ["AveragePool", 4, 4, 0],
    ] as const).map(([op, side, stride, pad]) => [
      `${op} of ${side} by ${stride}, ${pad} around`,
      {
        nodes: [
          [op, { kernel_shape: [side, side], ...squares(stride, pad) }],
        ],
      },
    ]),
  ),
  "largest of maps": { nodes: [["GlobalMaxPool", {}]] },
  ...Object.fromEntries(
    ([["LeakyRelu", { alpha: 0.2 }], ["LeakyRelu", { alpha: 0.1 }], ["Selu", {}], ["Mish", {}], [
      "Gelu",
      { approximate: "tanh" },
    ]] as const).map(([op, attributes]) => [
      `${op} ${JSON.stringify(attributes)}`,
      {
        from: [5],
        weights: { "fc.weight": [8, 5] },
        nodes: [["Gemm", { transB: 1 }, "fc.weight"], [op, attributes]],
      },
    ]),
  ),
};

function squares(stride: number, pad: number) {
  return { strides: [stride, stride], pads: [pad, pad, pad, pad] };
}

function conv(stride: number, pad: number, group = 1) {
  return { group, ...squares(stride, pad) };
}

function norm() {
  return ["weight", "bias", "running_mean", "running_var"].map((name) => `n.${name}`);
}
