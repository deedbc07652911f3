import type { Graph } from "../format.ts";
import { wire } from "../wiring.ts";

/** A node of a GraphDef. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** "node", "node:1" for its second result, "^node" for one that only has to run before. */
  readonly inputs: readonly string[];
  /** Of a product of matrices, whether the second one is transposed first. */
  readonly transposes?: boolean;
  /** What inputs call it, where that is not its name. */
  readonly path?: string;
}

/** Operations that hand on a constant: what takes their result takes the constant. */
const passing = new Set([
  ...["Identity", "ReadVariableOp", "Enter", "Cast", "Dequantize", "FakeQuantWithMinMaxVars"],
  ...["StopGradient", "Reshape", "Transpose", "ExpandDims", "Squeeze", "ConcatV2"],
]);
/** Operations that compute nothing. */
const still = new Set(["Const", "NoOp", "Assert"]);

/** The graph of a GraphDef's nodes; `tensors` names the tensors that nodes stand for, by path. */
export function graphOfNodes(
  nodes: readonly Node[],
  tensors: ReadonlyMap<string, string>,
): Graph {
  const silent = new Set(
    nodes.filter(({ op }) => still.has(op)).map(pathOf).filter((path) => !tensors.has(path)),
  );
  const operations = nodes
    .filter((node) => !still.has(node.op) && !tensors.has(pathOf(node)))
    .map((node) => ({
      name: node.name,
      op: node.op,
      inputs: node.inputs.filter((input) => !input.startsWith("^")).map(nodeOf)
        .filter((input) => !silent.has(input)),
      outputs: [pathOf(node)],
    }));
  return wire(operations, tensors, (op) => passing.has(op));
}

export const pathOf = ({ name, path = name }: Node) => path;

/** The node behind an input: "node" of "node:1", "node:out:0". */
export const nodeOf = (input: string) => input.split(":", 1)[0]!;
