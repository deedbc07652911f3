import { basename } from "node:path";
import type { Source, SourceRef } from "../storage/source.ts";
import { Scanner } from "./epoch_json/scanner.ts";
import { type Format, type GraphNode, rowMajor, type TensorInfo } from "./format.ts";
import { checkShape, malformed, show } from "./malformed.ts";

/** Text that is gone through on opening. */
const MAX_FILE = 2 ** 30;
const MAX_LAYERS = 100_000;
/** Two strings and a list at the start of a list in a list. */
const start = /^\s*\[\s*\[\s*"(?:[^"\\]|\\.)*"\s*,\s*"(?:[^"\\]|\\.)*"\s*,\s*\[/;

/**
 * The JSON that stefsietz/nn-visualizer makes of a checkpoint for each sample and epoch: a list of
 * [class of the sample, layer, shape of weights, weights, shape of activations, activations].
 */
export const epochJson: Format = {
  name: "epoch-json",
  about: {
    title: "Weights and activations of an epoch",
    files: ["epoch*.json"],
    reads: "each layer's weights and activations, nested or flat, in the order of the layers",
    not: "files over 1 GiB",
  },

  claims(head, name) {
    if (head.length === 0) return /^epoch\d+\.json$/.test(basename(name));
    return name.endsWith(".json") && start.test(new TextDecoder().decode(head));
  },

  async list(source, { signal } = {}) {
    const { name, size } = source;
    if (size > MAX_FILE) throw malformed(name, "file size", size, `at most ${MAX_FILE} bytes`);
    const scanner = new Scanner(source, signal);
    const tensors: TensorInfo[] = [];
    const nodes: GraphNode[] = [];
    let sample = "";
    for await (const _ of items(scanner)) {
      if (nodes.length === MAX_LAYERS) throw malformed(name, "layers", "more", `${MAX_LAYERS}`);
      await scanner.skip("[");
      sample = await scanner.string();
      await scanner.skip(",");
      const layer = await scanner.string();
      const weights = await tensor(source, scanner, `${layer}/weights`);
      tensors.push(weights, await tensor(source, scanner, `${layer}/activations`));
      await scanner.skip("]");
      const inputs = nodes.slice(-1).map((before) => before.name);
      const op = layer.replace(/[\d_]+$/, "") || layer;
      nodes.push({ name: layer, op, inputs, tensors: [weights.name] });
    }
    return { tensors, metadata: { class: sample }, graph: { nodes } };
  },
};

/** Stops before each item of the list that the text is, for the caller to go over it. */
async function* items(scanner: Scanner): AsyncGenerator<void> {
  await scanner.skip("[");
  for (let first = true; await scanner.peek() !== "]"; first = false) {
    if (!first) await scanner.skip(",");
    yield;
  }
  await scanner.skip("]");
  await scanner.end();
}

/** A shape and its numbers, a comma before each. */
async function tensor(source: Source, scanner: Scanner, name: string): Promise<TensorInfo> {
  const field = `tensor ${show(name)}`;
  await scanner.skip(",");
  const { shape, count } = checkShape(
    await scanner.list(),
    (found, rule) => malformed(source.name, `${field} shape`, found, rule),
  );
  await scanner.skip(",");
  const { offset, length, count: found } = await scanner.numbers();
  if (found !== count) {
    throw malformed(source.name, field, `${found} numbers`, `${count} for [${shape}]`);
  }
  const bytes = 8 * count;
  const ref: SourceRef = count === 0
    ? { kind: "memory", name, bytes: new Uint8Array() }
    : { kind: "decoded", from: source.ref, offset, length, size: bytes, codecs: [numbers] };
  const strides = rowMajor(shape);
  return { name, dtype: "F64", shape, strides, bigEndian: false, source: ref, offset: 0, bytes };
}

const numbers = { name: "numbers" } as const;
