import type { Graph } from "../format.ts";
import { wire } from "../wiring.ts";

/** A node of a GraphDef. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** "node", "node:1" for its second result, "^node" for one that only has to run before. */
  readonly inputs: readonly string[];
}

/** Operations that hand on a constant: what takes their result takes the constant. */
const passing = new Set([
  ...["Identity", "ReadVariableOp", "Enter", "Cast", "Dequantize", "FakeQuantWithMinMaxVars"],
  ...["StopGradient", "Reshape", "Transpose", "ExpandDims", "Squeeze"],
]);
/** Operations that compute nothing. */
const still = new Set(["Const", "NoOp", "Assert"]);

/** The graph of a GraphDef's nodes; `tensors` names the tensors that nodes stand for. */
export function graphOfNodes(
  nodes: readonly Node[],
  tensors: ReadonlyMap<string, string>,
): Graph {
  const operations = nodes
    .filter(({ name, op }) => !still.has(op) && !tensors.has(name))
    .map(({ name, op, inputs }) => ({
      name,
      op,
      inputs: inputs.filter((input) => !input.startsWith("^")).map(nodeOf),
      outputs: [name],
    }));
  return wire(operations, tensors, (op) => passing.has(op));
}

/** The node behind an input: "node" of "node:1", "node:out:0". */
const nodeOf = (input: string) => input.split(":", 1)[0]!;
