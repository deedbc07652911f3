import type { Attributes } from "../../../src/analysis/network/op.ts";
import { sizeOf, type Tensor } from "../../../src/analysis/network/tensor.ts";

/** Something that an operation can be done to: shapes, attributes, and the inputs that may vary. */
export interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  /** Inputs that are no random numbers. */
  readonly fixed?: Readonly<Record<number, readonly number[]>>;
  /** Inputs by which it is differentiated; the first unless given. */
  readonly by?: readonly number[];
  /** What random numbers are mapped to, so that a function is defined there. */
  readonly map?: (x: number) => number;
  readonly outputs?: number;
  /** Version of ONNX's operations that knows them so; the newest unless given. */
  readonly opset?: number;
}

const one = (attributes: Attributes = {}): Case => ({ shapes: [[2, 3]], attributes });
const away = (x: number) => Math.abs(x) + 0.5;
const both: Case = { shapes: [[2, 1, 3], [4, 1]], by: [0, 1] };

export const cases: Readonly<Record<string, readonly Case[]>> = {
  Gemm: [
    { shapes: [[2, 3], [3, 4], [4]], by: [0, 1, 2], attributes: { alpha: 0.5, beta: 2 } },
    { shapes: [[2, 3], [4, 3], [2, 1]], by: [0, 1, 2], attributes: { transB: 1 } },
    { shapes: [[3, 2], [3, 4], [1]], by: [0, 1, 2], attributes: { transA: 1 } },
    { shapes: [[3, 2], [4, 3]], by: [0, 1], attributes: { transA: 1, transB: 1, alpha: 3 } },
  ],
  MatMul: [
    { shapes: [[2, 3], [3, 4]], by: [0, 1] },
    { shapes: [[2, 2, 3], [3, 4]], by: [0, 1] },
    { shapes: [[2, 1, 2, 3], [5, 3, 2]], by: [0, 1] },
    { shapes: [[3], [3]], by: [0, 1] },
    { shapes: [[2, 3], [3]], by: [0, 1] },
    { shapes: [[3], [2, 3, 2]], by: [0, 1] },
  ],
  Conv: [
    { shapes: [[2, 3, 5, 4], [2, 3, 3, 2], [2]], attributes: { pads: [1, 0, 2, 1] } },
    { shapes: [[1, 4, 6, 5], [6, 2, 3, 3]], attributes: { group: 2, strides: [2, 1] } },
    { shapes: [[1, 2, 7, 7], [2, 1, 3, 2]], attributes: { group: 2, dilations: [2, 3] } },
    { shapes: [[2, 2, 5], [3, 2, 2], [3]], attributes: { strides: [2], pads: [1, 0] } },
    {
      shapes: [[1, 1, 5, 4], [1, 1, 2, 2]],
      attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
    },
    { shapes: [[1, 1, 5, 4], [1, 1, 2, 2]], attributes: { auto_pad: "SAME_LOWER" } },
  ],
  ...Object.fromEntries(
    [
      ...["Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf"],
      ...["Gelu", "Softplus", "Softsign", "Mish", "Exp", "Reciprocal", "Neg", "Abs", "Sin", "Cos"],
    ].map((name) => [name, [one()]]),
  ),
  Gelu: [one(), one({ approximate: "tanh" })],
  Elu: [one({ alpha: 0.7 })],
  LeakyRelu: [one({ alpha: 0.3 })],
  Log: [{ ...one(), map: away }],
  Sqrt: [{ ...one(), map: away }],
  Clip: [{ shapes: [[2, 3], [], []], fixed: { 1: [-0.4], 2: [0.8] } }, {
    ...one({ min: -0.3 }),
    opset: 9,
  }],
  Add: [both],
  Sub: [both],
  Mul: [both],
  Div: [{ ...both, map: away }],
  Pow: [{ ...both, map: away }, { shapes: [[2, 3], []], fixed: { 1: [2] } }],
  PRelu: [both],
  Where: [{ shapes: [[2, 1], [2, 3], [3]], fixed: { 0: [0, 1] }, by: [1, 2] }],
  MaxPool: [
    { shapes: [[2, 2, 4, 6]], attributes: { kernel_shape: [2, 3], strides: [2, 2] } },
    {
      shapes: [[1, 1, 5, 5]],
      attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
    },
    { shapes: [[1, 2, 6]], attributes: { kernel_shape: [2], dilations: [2] } },
  ],
  AveragePool: [
    { shapes: [[2, 2, 4, 6]], attributes: { kernel_shape: [2, 3], strides: [2, 2] } },
    {
      shapes: [[1, 1, 5, 5]],
      attributes: {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 0, 1],
        count_include_pad: 1,
      },
    },
    { shapes: [[1, 1, 5, 4]], attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
  ],
  GlobalMaxPool: [{ shapes: [[2, 3, 2, 4]] }],
  GlobalAveragePool: [{ shapes: [[2, 3, 2, 4]] }, { shapes: [[1, 2, 5]] }],
  BatchNormalization: [
    { shapes: [[2, 3, 2], [3], [3], [3], [3]], attributes: { epsilon: 0.01 }, map: away },
  ],
  LayerNormalization: [
    { shapes: [[2, 3, 4], [4], [4]] },
    { shapes: [[2, 3, 4], [3, 4]], attributes: { axis: 1, epsilon: 0.1 } },
  ],
  InstanceNormalization: [
    { shapes: [[2, 3, 4], [3], [3]] },
    { shapes: [[1, 2, 3, 2], [2], [2]], attributes: { epsilon: 0.1 } },
  ],
  ConvTranspose: [
    {
      shapes: [[2, 3, 3, 4], [3, 2, 2, 3], [2]],
      attributes: { strides: [2, 1], pads: [1, 0, 0, 1] },
    },
    {
      shapes: [[1, 4, 3, 3], [4, 2, 3, 3]],
      attributes: { group: 2, strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    },
    { shapes: [[2, 2, 4], [2, 1, 2]], attributes: { dilations: [2] } },
  ],
  Max: [{ shapes: [[2, 1, 3], [4, 1], [3]], by: [0, 1, 2] }],
  Min: [{ shapes: [[2, 1, 3], [4, 1]], by: [0, 1] }],
  Softmax: [
    one(),
    { shapes: [[2, 3, 4]], attributes: { axis: 1 } },
    { shapes: [[2, 3, 4]], attributes: { axis: 1, flattens: 1 }, opset: 11 },
  ],
  LogSoftmax: [one(), { shapes: [[2, 3, 4]], attributes: { axis: 1 } }],
  ReduceMean: [
    { shapes: [[2, 3, 4]], attributes: { axes: [0, -1], keepdims: 0 }, opset: 11 },
    { shapes: [[2, 3, 4], [1]], fixed: { 1: [1] } },
    one(),
  ],
  ReduceSum: [{ shapes: [[2, 3, 4], [1]], fixed: { 1: [-1] }, attributes: { keepdims: 0 } }],
  Transpose: [one(), { shapes: [[2, 3, 4]], attributes: { perm: [1, 2, 0] } }],
  Slice: [
    { shapes: [[4, 5]], attributes: { starts: [1, -3], ends: [3, 100] }, opset: 9 },
    {
      shapes: [[4, 5], [2], [2], [2], [2]],
      fixed: { 1: [3, 0], 2: [-100, 5], 3: [0, 1], 4: [-1, 2] },
    },
  ],
  Gather: [
    { shapes: [[3, 4], [2, 2]], fixed: { 1: [0, 2, 2, -1] }, attributes: { axis: 1 } },
    { shapes: [[3, 4], []], fixed: { 1: [1] } },
  ],
  Split: [
    { shapes: [[5, 2]], attributes: { split: [2, 3] }, outputs: 2, opset: 11 },
    { shapes: [[2, 5]], attributes: { axis: -1, num_outputs: 2 }, outputs: 2 },
  ],
  Expand: [{ shapes: [[3, 1], [3]], fixed: { 1: [2, 1, 4] } }],
  Pad: [{ shapes: [[2, 3], [4]], fixed: { 1: [1, 0, 0, 2] } }, {
    shapes: [[2, 3], [4]],
    fixed: { 1: [0, -1, 1, 0] },
  }],
  Concat: [{ shapes: [[2, 3], [2, 1], [2, 2]], attributes: { axis: 1 }, by: [0, 1, 2] }],
  Identity: [one()],
  Dropout: [one()],
  Cast: [one({ to: 1 })],
  Flatten: [{ shapes: [[2, 3, 4]] }, { shapes: [[2, 3, 4]], attributes: { axis: -1 } }],
  Reshape: [{ shapes: [[2, 3, 4], [3]], fixed: { 1: [0, -1, 2] } }],
  Squeeze: [{ shapes: [[2, 1, 3, 1]], attributes: { axes: [1] }, opset: 11 }, {
    shapes: [[2, 1, 3, 1]],
  }],
  Unsqueeze: [{ shapes: [[2, 3], [2]], fixed: { 1: [0, -1] } }],
};

const tensor = (shape: readonly number[], next: (i: number) => number): Tensor => ({
  shape,
  values: Float64Array.from({ length: sizeOf(shape) }, (_, i) => next(i)),
});

/** Numbers that are not near 0, where some functions have jumps. */
export function randomly(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    const x = state / 2 ** 31;
    return 2 * x + 0.05 * Math.sign(x);
  };
}

/** A case's inputs, of random numbers where they may vary. */
export const inputsOf = (
  { shapes, fixed = {}, map = (x) => x }: Case,
  next: () => number,
): Tensor[] =>
  shapes.map((shape, i) =>
    fixed[i] ? tensor(shape, (at) => fixed[i]![at]!) : tensor(shape, () => map(next()))
  );
