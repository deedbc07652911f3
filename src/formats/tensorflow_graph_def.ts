import type { Format } from "./format.ts";
import { malformed } from "./malformed.ts";
import { Scanner } from "./protobuf.ts";
import { readGraphDef } from "./tensorflow/graph_def.ts";
import { kernelsOf, withKernels } from "./tensorflow/kernels.ts";
import { graphOfNodes } from "./tensorflow/nodes.ts";

/** TensorFlow's graph in a file of its own, weights frozen into it as constants. */
export const graphDef: Format = {
  name: "tensorflow",
  about: {
    title: "TensorFlow frozen graph",
    files: ["*.pb"],
    reads: "constants, whole or repeating, also those of functions; the graph",
    not: "text, complex numbers, 2- and 4-bit elements",
  },

  claims: (head, name) =>
    head.length === 0 ? name.endsWith(".pb") && !name.endsWith("saved_model.pb") : isGraph(head),

  async list(source, { signal } = {}) {
    const scan = new Scanner(source, signal);
    const { tensors, ignored, nodes } = await readGraphDef(scan, scan.root);
    if (nodes.length === 0) throw malformed(source.name, "nodes", "none", "a GraphDef of some");
    const names = new Map(tensors.map(({ name }) => [name, name]));
    return {
      tensors: withKernels(tensors, kernelsOf(nodes, names)),
      ignored,
      metadata: {},
      graph: graphOfNodes(nodes, names),
    };
  },
};

const NAME = 0x0a;
const OP = 0x12;

/** Whether these are the first bytes of a GraphDef: a node with a name and an operation. */
function isGraph(head: Uint8Array): boolean {
  if (head[0] !== NAME) return false;
  const node = head.findIndex((byte, i) => i > 0 && byte < 128) + 1;
  const op = node + 2 + head[node + 1]!;
  const text = (at: number) => head.subarray(at + 2, at + 2 + head[at + 1]!);
  const isWord = (bytes: Uint8Array) =>
    bytes.length > 0 && bytes.every((byte) => byte > 32 && byte < 127);
  return head[node] === NAME && head[op] === OP && isWord(text(node)) && isWord(text(op));
}
