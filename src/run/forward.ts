import { BadRequest, TooLarge } from "../errors.ts";
import type { Captured } from "../formats/format.ts";
import { show } from "../formats/malformed.ts";
import { type Network, readNetwork } from "../formats/onnx/network.ts";
import { type Operation, readOperations } from "../formats/onnx/operations.ts";
import { withOutputs } from "../formats/onnx/outputs.ts";
import type { Model } from "../model/model.ts";
import { openPlace, type Reach } from "../model/place.ts";
import { MemorySource } from "../storage/memory.ts";
import type { Source } from "../storage/source.ts";
import { capturedOf } from "./captured.ts";
import { type Given, takeInputs } from "./inputs.ts";
import { type Results, runInProcess } from "./process.ts";

/** What a run may use. */
export interface Limits {
  /** Milliseconds. */
  readonly time: number;
  /** Bytes of the outputs. */
  readonly bytes: number;
}

/** Bytes of a model and the files beside it: the runtime's memory is of 4 GiB. */
const MOST = 2 ** 30;

/** What is asked of a network. */
export interface Asked {
  /** By name; that of a network with one input may be given as "". */
  readonly inputs: ReadonlyMap<string, Given>;
  /** Names of values or layers; all values where not given. */
  readonly outputs?: readonly string[];
}

/** A network that was run. */
export interface Ran {
  readonly captured: readonly Captured[];
  /** What it gave, and what it was asked for of that is within. */
  readonly results: Results;
  /** Names of its own outputs. */
  readonly outputs: readonly string[];
  /** What it computed. */
  readonly operations: readonly Operation[];
}

/**
 * Runs the ONNX file behind a model. Throws `BadRequest` for other formats, inputs that do not fit
 * and outputs that there are not, and what `runInProcess` throws.
 */
export async function forward(
  model: Model,
  path: string,
  { inputs, outputs }: Asked,
  limits: Limits,
  reach: Reach,
): Promise<Ran> {
  const { signal } = reach;
  if (model.format !== "onnx") {
    throw new BadRequest(
      `model "${model.id}" is of the format ${model.format}: only ONNX files can be run`,
      { model: model.id, found: model.format, expected: "onnx" },
    );
  }
  const sources: Source[] = [];
  try {
    const { value: opened } = await openPlace(path, reach).next();
    sources.push(opened!.source);
    const file = await readWhole(model, sources, signal);
    const network = await readNetwork(new MemorySource(model.title, file), signal);
    const files: Uint8Array[] = [];
    for (const name of network.files) {
      sources.push(await opened!.beside(name));
      files.push(await readWhole(model, sources, signal));
    }
    model.check();
    const wanted = choose(network, outputs, model);
    const taken = await takeInputs(network, inputs);
    const task = {
      files: network.files,
      inputs: taken.map(({ name, element, shape }) => ({ name, type: element.runtime, shape })),
      outputs: wanted,
      ...limits,
    };
    const further = wanted.filter((name) => !network.outputs.includes(name));
    const blobs = [withOutputs(file, further), ...files, ...taken.map(({ bytes }) => bytes)];
    const results = await runInProcess(model.title, { head: task, blobs }, signal);
    const captured = capturedOf(results, taken, network, model.layers);
    const operations = await readOperations(new MemorySource(model.title, file), signal);
    return { captured, results, outputs: network.outputs, operations };
  } finally {
    for (const source of sources) source.close();
  }
}

/** All of the last source. Throws `TooLarge` where all together have too many bytes. */
async function readWhole(
  { title }: Model,
  sources: readonly Source[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const total = sources.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST) {
    throw new TooLarge(`${title} has ${total} bytes, of which ${MOST} can be run`, {
      ...{ found: total, limit: MOST },
    });
  }
  const source = sources.at(-1)!;
  return await source.read(0, source.size, signal);
}

/** Names of the values that are asked for, in the order in which they are computed. */
function choose(
  network: Network,
  asked: readonly string[] | undefined,
  { layers }: Model,
): string[] {
  const computed = [...new Set(network.nodes.flatMap(({ outputs }) => outputs))];
  const known = new Set([...computed, ...network.outputs]);
  if (asked === undefined) return [...known];
  const wanted = new Set(network.outputs);
  for (const name of asked) {
    const tensors = layers.find((layer) => layer.name === name)?.tensors.map(({ name }) => name);
    const values = known.has(name) ? [name] : tensors ? valuesOf(network, tensors) : [];
    if (values.length === 0) {
      const some = computed.slice(0, 8).map(show).join(", ");
      const sentence = `there is no output ${
        show(name)
      }; of ${computed.length} the first are ${some}`;
      throw new BadRequest(sentence, { parameter: "outputs", found: name, allowed: computed });
    }
    for (const value of values) wanted.add(value);
  }
  return [...known].filter((name) => wanted.has(name));
}

/** What operations with these weights compute, and what is computed of that alone. */
function valuesOf({ nodes }: Network, tensors: readonly string[]): string[] {
  const own = nodes.filter(({ inputs }) => inputs.some((name) => tensors.includes(name)))
    .flatMap(({ outputs }) => outputs);
  const next = nodes.filter(({ inputs }) => inputs.length === 1 && own.includes(inputs[0]!));
  return [...own, ...next.flatMap(({ outputs }) => outputs)];
}
