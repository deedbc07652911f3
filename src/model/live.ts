import type { Captured, Metadata } from "../formats/format.ts";
import type { Operation } from "../formats/onnx/operations.ts";
import { fingerprint } from "../storage/version.ts";
import { withCaptured } from "./captured.ts";
import type { Layer, Model } from "./model.ts";
import { type Computation, ofWholeNumbers } from "./network.ts";
import { refuseStep } from "./steps.ts";

/** What a network computed when it was run. */
export interface Run {
  /** Counted up. */
  readonly step: number;
  readonly facts: Metadata;
  readonly captured: readonly Captured[];
  /** What was computed to get there. */
  readonly operations: readonly Operation[];
  /** Names of the network's own results. */
  readonly outputs: readonly string[];
  /** Differs from that of any other run, of whatever server. */
  readonly version: string;
}

/** Bytes that a run holds. */
export const bytesOfRun = ({ captured }: Run): number =>
  captured.reduce((sum, { tensor }) => sum + tensor.bytes, 0);

/** A network with what it computed in its runs, one a step, as a model at its last one. */
export function liveModel(network: Model, id: string, runs: readonly Run[]): Model {
  const version = fingerprint(network.version, ...runs.map((run) => run.version));
  const steps = runs.map(({ step, facts }) => ({ step, facts }));
  const made = new Map<number, Model>();
  const at = (number: number): Model => {
    const known = made.get(number);
    if (known) return known;
    const run = runs.find(({ step }) => step === number);
    if (!run) refuseStep(id, number, steps);
    const { captured, step } = run;
    const model: Model = {
      ...network,
      ...{ id, version, step, steps, at },
      title: `${network.title}, run`,
      layers: withComputation(withCaptured(network.layers, captured, []), network, run),
      tensors: [...network.tensors, ...captured.map(({ tensor }) => tensor)],
      close() {}, // the files are the network's
    };
    made.set(number, model);
    return model;
  };
  return at(runs.at(-1)!.step);
}

/** Layers with how what was computed of them follows from the first input that is of fractions. */
function withComputation(layers: readonly Layer[], network: Model, run: Run): Layer[] {
  const { captured, operations: nodes, outputs: [result] } = run;
  const inputs = captured.filter(({ kind }) => kind === "sample");
  const usual = inputs.find(isOfFractions) ?? inputs[0];
  const taken = new Set(nodes.flatMap((node) => node.inputs));
  const given = inputs.map(({ value, tensor }) => [value!, tensor] as const);
  const stored = network.tensors.map((tensor) => [tensor.name, tensor] as const);
  const constants = Object.fromEntries(
    [...stored, ...given].filter(([name]) => taken.has(name)),
  );
  return layers.map((layer) => {
    const input = layer.captured.find(({ kind }) => kind === "sample") ?? usual;
    const computed = layer.captured.find(({ kind }) =>
      kind === "activation" || kind === "attention"
    );
    const output = input && layer.captured.includes(input) ? result : computed?.value;
    if (!input || output === undefined) return layer;
    const { value, tensor } = input;
    const missing = lackOf(input);
    const computation: Computation = missing === null
      ? { kind: "graph", nodes, constants, input: value!, tensor, output }
      : { kind: "unknown", missing };
    return { ...layer, computation };
  });
}

/** What an input would have to be so that something can be differentiated by it; null for what it is. */
function lackOf(input: Captured): string | null {
  const { tensor } = input;
  if (!isOfFractions(input)) return ofWholeNumbers(tensor);
  return tensor.shape.includes(0)
    ? `an input that has elements: "${tensor.name}" is [${tensor.shape}]`
    : null;
}

const isOfFractions = ({ tensor: { dtype } }: Captured) => /^B?F/.test(dtype);
