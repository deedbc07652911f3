import type { Source } from "../../storage/source.ts";
import type { NetworkInput } from "../format.ts";
import { malformed } from "../malformed.ts";
import { Scanner } from "../protobuf.ts";
import type { Body } from "./graph.ts";
import { readModel } from "./model.ts";
import type { Stored } from "./tensor.ts";

/** What running an ONNX model takes and gives. */
export interface Network {
  /** What has to be put in. */
  readonly inputs: readonly NetworkInput[];
  /** Names of the values that it gives. */
  readonly outputs: readonly string[];
  /** What is computed, constants aside, in the file's order. */
  readonly nodes: readonly NetworkNode[];
  /** Files beside it that hold its values. */
  readonly files: readonly string[];
}

/** One operation of the outermost graph. */
export interface NetworkNode {
  readonly op: string;
  /** Names of values, initializers among them. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Reads what running an ONNX model takes. Throws `FormatError`. */
export async function readNetwork(source: Source, signal?: AbortSignal): Promise<Network> {
  const { graph, functions } = await readModel(new Scanner(source, signal));
  if (!graph) throw malformed(source.name, "graph", "missing", "a ModelProto with one");
  return {
    inputs: inputsOf(graph),
    outputs: graph.outputs.map(({ name }) => name),
    nodes: graph.nodes.filter(({ op }) => op !== "Constant").map(({ op, inputs, outputs }) => ({
      ...{ op, inputs },
      outputs: outputs.filter((name) => name !== ""),
    })),
    files: [...new Set([graph, ...functions].flatMap((body) => [...filesOf(body)]))],
  };
}

/** What has to be put in: before version 4, initializers are inputs too. */
export function inputsOf({ initializers, inputs }: Body): NetworkInput[] {
  const stored = new Set(initializers.map(({ name }) => name));
  return inputs.filter(({ name }) => !stored.has(name)).map(({ name, tensor }) => ({
    ...{ name, tensor },
  }));
}

function* filesOf({ initializers, nodes }: Body): Generator<string> {
  const values: (Stored | undefined)[] = [...initializers];
  for (const { constant, bodies } of nodes) {
    values.push(constant?.value);
    for (const body of bodies) yield* filesOf(body);
  }
  for (const value of values) if (value?.external?.location) yield value.external.location;
}
