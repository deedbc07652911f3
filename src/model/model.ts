import type {
  Captured,
  Ignored,
  LostFile,
  Metadata,
  NetworkInput,
  TensorInfo,
} from "../formats/format.ts";
import type { Computation } from "./network.ts";
import type { Structure } from "./structure.ts";
import type { BlockPlace } from "./order.ts";
import type { Fetch } from "../storage/prefetched.ts";

/** A file, a sharded set or a folder, opened: every header read, no tensor bytes. */
export interface Model {
  /** The file's or folder's stem, unique in its catalogue. */
  readonly id: string;
  readonly title: string;
  /** The format's name, e.g. "safetensors". */
  readonly format: string;
  /** Differs whenever any byte of any file of the model may differ; short, URL-safe. */
  readonly version: string;
  /** Elements in all tensors, those that are tied counted once. */
  readonly parameters: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** In the file's order. */
  readonly tensors: readonly TensorInfo[];
  /** Other looks at their bytes, such as scales of quantized blocks; not counted. */
  readonly views: readonly TensorInfo[];
  /** What the files hold besides that cannot be drawn, and why. */
  readonly ignored: readonly Ignored[];
  /** Its files that cannot be read; one that appears or changes makes another version of the model. */
  readonly failures: readonly LostFile[];
  /** In the order in which they compute, as far as the files tell. */
  readonly layers: readonly Layer[];
  readonly structure: Structure;
  readonly metadata: Metadata;
  /** The network that can be run, of this model or of the one whose runs it holds. */
  readonly network?: { readonly id: string; readonly inputs: readonly NetworkInput[] };
  /** Of a capture, the moment that it is at; null of others. */
  readonly step: number | null;
  /** Of a capture, all of its moments, the last being what is opened. */
  readonly steps: readonly Moment[];
  /** A capture at another of its moments. Throws `BadRequest` naming those there are. */
  at(step: number): Model;
  /** Fetches bytes for workers, which cannot wait for them; not there where all files are local. */
  readonly fetch?: Fetch;
  /** Throws `Changed` if a file behind the model is no longer the one that was opened. */
  check(): void;
  close(): void;
}

/** A moment of a training. */
export interface Moment {
  readonly step: number;
  /** What else is known of it: loss, epoch, accuracy. */
  readonly facts: Metadata;
}

/** Tensors that belong together, such as a weight and its bias; drawn as its main tensor. */
export interface Layer {
  /** The tensors' common name without the last part: "blocks.0.fc" of "blocks.0.fc.weight". */
  readonly name: string;
  /**
   * What its operation, or else its name and shape, make it: linear, convolution, embedding, norm,
   * attention, recurrent, vector, scalar, constant, optimizer, tensor; of a layer of a capture that
   * has no weights, activation, attention or sample.
   */
  readonly kind: string;
  /** What its name says it does there: "attention.query", "mlp.up", "norm.final", "head". */
  readonly role: string | null;
  /** The repeated block that it lies in. */
  readonly block: BlockPlace | null;
  /** The tensor that stands for the layer: its weight, or else what was captured of it. */
  readonly main: TensorInfo;
  /** Its weights. */
  readonly tensors: readonly TensorInfo[];
  /** What a capture has of it besides. */
  readonly captured: readonly Captured[];
  /** How what it computed follows from what was put in; of an input, how the network's results do. */
  readonly computation?: Computation;
  /** Elements in all its tensors. */
  readonly parameters: number;
  /** Names of the layers whose results reach it through no other one, where a graph tells. */
  readonly inputs: readonly string[];
  /** Further names of its tensors: a head that is tied to an embedding. */
  readonly aliases: readonly string[];
}
