import type { TensorInfo } from "../format.ts";
import { type Kernel, withKernel } from "../kernels.ts";
import type { Value } from "../wiring.ts";
import type { FlatOperation } from "./flatten.ts";

/** Which operand of an operation is its weight, and how that lies where not as [output, input]. */
const weights = new Map<string, { readonly operand: number; readonly kernel: Kernel }>([
  ["ConvTranspose", { operand: 1, kernel: "second" }],
  ...["MatMul", "MatMulInteger", "Gemm", "FusedMatMul", "FusedGemm"]
    .map((op) => [op, { operand: 1, kernel: "matrix" }] as const),
  ["QLinearMatMul", { operand: 3, kernel: "matrix" }],
]);
/** Operations that leave the order of axes. */
const keeping = new Set(["Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"]);

/** Tensors with the layouts in which operations take them as weights. */
export function withKernels(
  tensors: readonly TensorInfo[],
  operations: readonly FlatOperation[],
  constants: ReadonlyMap<Value, string>,
): TensorInfo[] {
  const carried = new Map<Value, string>();
  const tensorOf = (value: Value | undefined) =>
    value === undefined ? undefined : constants.get(value) ?? carried.get(value);
  const kernels = new Map<string, Kernel>();
  // What is carried on comes before what takes it: the format has operations in such an order.
  for (const { op, inputs, outputs, transposes } of operations) {
    if (keeping.has(op)) {
      const tensor = tensorOf(inputs[0]);
      if (tensor !== undefined) carried.set(outputs[0]!, tensor);
    }
    const weight = weights.get(op);
    const tensor = weight && tensorOf(inputs[weight.operand]);
    if (tensor !== undefined && !transposes) kernels.set(tensor, weight!.kernel);
  }
  return tensors.map((tensor) => withKernel(tensor, kernels.get(tensor.name)));
}
