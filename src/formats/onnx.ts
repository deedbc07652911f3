import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Ignored, Reading, TensorInfo } from "./format.ts";
import { malformed } from "./malformed.ts";
import { flatten } from "./onnx/flatten.ts";
import { withKernels } from "./onnx/kernels.ts";
import { membersOf } from "./onnx/members.ts";
import { readModel } from "./onnx/model.ts";
import { inputsOf } from "./onnx/network.ts";
import { type Files, place } from "./onnx/place.ts";
import { Scanner } from "./protobuf.ts";
import { wire } from "./wiring.ts";

/** Operations that only pass a weight on, in another type or form, to the one that uses it. */
const passing = new Set([
  ...["Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"],
  ...["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Concat"],
]);

/** Open Neural Network Exchange: https://github.com/onnx/onnx/blob/main/docs/IR.md */
export const onnx: Format = {
  name: "onnx",
  about: {
    title: "ONNX",
    files: ["*.onnx"],
    reads: "initializers and constants, raw, typed or external, of all graphs inside; the graph",
    not: "text, complex numbers, sparse tensors; ONNX Runtime's own format, *.ort",
  },

  claims: (head, name) => /\.(onnx|ort)$/.test(name) || isRuntime(head) || isModel(head),

  companions: (name, names) => names.filter((other) => other !== name && other.startsWith(name)),

  async list(source, reading = {}) {
    const { signal } = reading;
    if (isRuntime(await source.read(0, Math.min(8, source.size), signal))) {
      throw malformed(source.name, "content", "ONNX Runtime's own format", "an ONNX model");
    }
    const { graph, functions, metadata } = await readModel(new Scanner(source, signal));
    if (!graph) throw malformed(source.name, "graph", "missing", "a ModelProto with one");
    const members = membersOf(source.name, [graph, ...functions]);
    const files = filesOf(source, reading);
    const tensors: TensorInfo[] = [];
    const ignored: Ignored[] = [];
    for (const { name, stored } of [...members.values()].flat()) {
      const found = typeof stored === "string"
        ? { name, reason: stored }
        : await place(stored, name, files);
      if ("reason" in found) ignored.push(found);
      else tensors.push(found);
    }
    const drawn = new Set(tensors.map(({ name }) => name));
    const { operations, constants } = flatten(graph, members);
    const nodes = wire(operations, constants, (op) => passing.has(op)).nodes
      .map((node) => ({ ...node, tensors: node.tensors.filter((name) => drawn.has(name)) }));
    const laidOut = withKernels(tensors, operations, constants);
    return { tensors: laidOut, metadata, ignored, graph: { nodes }, inputs: inputsOf(graph) };
  },
};

/** A flatbuffer with this identifier. */
const isRuntime = (head: Uint8Array) => String.fromCharCode(...head.subarray(4, 8)) === "ORTM";

/**
 * Whether these are the first bytes of a ModelProto: the version of its format, then a text of one
 * of the fields after it, or the graph. A SavedModel starts alike, but with version 1.
 */
function isModel(head: Uint8Array): boolean {
  const [first, version, next, length] = head;
  if (first !== 0x08 || version! < 2 || version! > 0x7f || length === undefined) return false;
  const text = head.subarray(4, 4 + length);
  if ([0x12, 0x1a, 0x22].includes(next!)) return text.every((byte) => byte >= 32 && byte < 127);
  return [0x32, 0x3a, 0x42].includes(next!);
}

function filesOf(source: Source, { beside }: Reading): Files {
  const opened = new Map<string, Source>();
  return {
    source,
    async open(location) {
      if (!beside) throw standsAlone(source.name, location);
      const file = opened.get(location) ?? await beside(location);
      opened.set(location, file);
      return file;
    },
  };
}
