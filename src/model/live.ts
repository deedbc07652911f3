import type { Captured, Metadata } from "../formats/format.ts";
import { fingerprint } from "../storage/version.ts";
import { withCaptured } from "./captured.ts";
import type { Model } from "./model.ts";
import { refuseStep } from "./steps.ts";

/** What a network computed when it was run. */
export interface Run {
  /** Counted up. */
  readonly step: number;
  readonly facts: Metadata;
  readonly captured: readonly Captured[];
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
      layers: withCaptured(network.layers, captured, []),
      tensors: [...network.tensors, ...captured.map(({ tensor }) => tensor)],
      close() {}, // the files are the network's
    };
    made.set(number, model);
    return model;
  };
  return at(runs.at(-1)!.step);
}
