import type { TensorInfo } from "../formats/format.ts";
import type { Operation } from "../formats/onnx/operations.ts";

/** An operation of a network, as ONNX defines it. */
export type NetworkNode = Operation;

/** How what a layer computes follows from what was put in, as plain data. */
export type Computation =
  | {
    /** Operations in an order in which they can run, from `input` to `output`. */
    readonly kind: "graph";
    readonly nodes: readonly NetworkNode[];
    /** Weights, and further inputs, by what nodes call them. */
    readonly constants: Readonly<Record<string, TensorInfo>>;
    readonly input: string;
    readonly tensor: TensorInfo;
    readonly output: string;
  }
  | {
    /** Layers one after the other of which only weights and results are known, to the last of them. */
    readonly kind: "chain";
    readonly tensor: TensorInfo;
    /** What is put in is the tensor's values × scale + shift. */
    readonly scale: number;
    readonly shift: number;
    readonly links: readonly Link[];
    /** Weights by name, where they are of another step than what is known of the results. */
    readonly weights: Readonly<Record<string, TensorInfo>> | null;
  }
  | {
    readonly kind: "unknown";
    /** What would have to be known: half a sentence. */
    readonly missing: string;
  };

/** A layer of a chain. */
export interface Link {
  readonly name: string;
  /** Its weights, in the file's order. */
  readonly weights: readonly TensorInfo[];
  /** What it computed, samples first. */
  readonly activation: TensorInfo;
}

/** What would have to be known of an input that is no fractions: half a sentence. */
export const ofWholeNumbers = ({ name, dtype }: Pick<TensorInfo, "name" | "dtype">): string =>
  `an input of fractions: "${name}" holds whole numbers (${dtype}), by which nothing can be ` +
  "differentiated";
