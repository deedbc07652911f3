import type { TensorInfo } from "../format.ts";
import { type Kernel, withKernel, withLikelyKernel, withNamedKernel } from "../kernels.ts";
import { type Node, nodeOf, pathOf } from "./nodes.ts";

const table = (ops: string, kernel: Kernel) => ops.split(" ").map((op) => [op, kernel] as const);

/** How operations take their second operand. */
const operations = new Map([
  ...table("Conv2D Conv3D _FusedConv2D FusedConv2D", "last"),
  ...table("Conv2DBackpropInput Conv3DBackpropInputV2 DepthwiseConv2dNative", "before last"),
  ...table("FusedDepthwiseConv2dNative _FusedDepthwiseConv2dNative", "before last"),
  ...table("MatMul _FusedMatMul BatchMatMul BatchMatMulV2 BatchMatMulV3", "matrix"),
]);
/** Operations that leave the order of axes; one that adds an axis in front does so too. */
const keeping = new Set([
  ...["Identity", "ReadVariableOp", "Enter", "Cast", "Dequantize", "FakeQuantWithMinMaxVars"],
  ...["StopGradient", "ExpandDims"],
]);
/** Of such operations between weights and what takes them. */
const MAX_STEPS = 16;

/**
 * What operations say of the tensors that are their weights, by the tensors' names; undefined where
 * these lie as [output, input]. `tensors` names the tensors that nodes stand for, by path.
 */
export function kernelsOf(
  nodes: readonly Node[],
  tensors: ReadonlyMap<string, string>,
): ReadonlyMap<string, Kernel | undefined> {
  const byPath = new Map(nodes.map((node) => [pathOf(node), node]));
  const kernels = new Map<string, Kernel | undefined>();
  for (const { op, inputs, transposes } of nodes) {
    const kernel = operations.get(op);
    if (!kernel) continue;
    const found = weightAt(inputs[1], byPath, tensors);
    if (found !== undefined) kernels.set(found, transposes ? undefined : kernel);
  }
  return kernels;
}

function weightAt(
  input: string | undefined,
  byPath: ReadonlyMap<string, Node>,
  tensors: ReadonlyMap<string, string>,
): string | undefined {
  for (let step = 0; input !== undefined && step < MAX_STEPS; step++) {
    const path = nodeOf(input);
    const tensor = tensors.get(path);
    if (tensor !== undefined) return tensor;
    const node = byPath.get(path);
    input = node && keeping.has(node.op) ? node.inputs[0] : undefined;
  }
}

/** What names of variables end with: checkpoints' paths, what optimizers keep of each. */
const endings = [
  /\/\.ATTRIBUTES\/VARIABLE_VALUE$/,
  /\/\.OPTIMIZER_SLOT\/.*$/s,
  /\/(Adam|Momentum|RMSProp|Ftrl|Adagrad|ExponentialMovingAverage)(_\d+)?$/,
];

/** Tensors with the layouts that a graph's operations tell, or else their names and shapes. */
export function withKernels(
  tensors: readonly TensorInfo[],
  kernels: ReadonlyMap<string, Kernel | undefined> = new Map(),
): TensorInfo[] {
  return tensors.map((tensor) => {
    if (kernels.has(tensor.name)) return withKernel(tensor, kernels.get(tensor.name));
    const name = endings.reduce((name, ending) => name.replace(ending, ""), tensor.name);
    // "weights" is what TF-Slim calls them.
    const named = withNamedKernel(tensor, "", name.replace(/weights$/, "kernel"));
    return named.layout ? named : withLikelyKernel(tensor);
  });
}
