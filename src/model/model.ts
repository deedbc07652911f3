import type { Ignored, Metadata, TensorInfo } from "../formats/format.ts";

/** A file, a sharded set or a folder, opened: every header read, no tensor bytes. */
export interface Model {
  /** The file's or folder's stem, unique in its catalogue. */
  readonly id: string;
  readonly title: string;
  /** The format's name, e.g. "safetensors". */
  readonly format: string;
  /** Differs whenever any byte of any file of the model may differ; short, URL-safe. */
  readonly version: string;
  /** Elements in all tensors. */
  readonly parameters: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** In the file's order. */
  readonly tensors: readonly TensorInfo[];
  /** Other looks at their bytes, such as scales of quantized blocks; not counted. */
  readonly views: readonly TensorInfo[];
  /** What the files hold besides that cannot be drawn, and why. */
  readonly ignored: readonly Ignored[];
  readonly layers: readonly Layer[];
  readonly metadata: Metadata;
  /** Throws `Changed` if a file behind the model is no longer the one that was opened. */
  check(): void;
  close(): void;
}

/** Tensors that belong together, such as a weight and its bias; drawn as its main tensor. */
export interface Layer {
  /** The tensors' common name without the last part: "blocks.0.fc" of "blocks.0.fc.weight". */
  readonly name: string;
  /** What names and shapes suggest: linear, convolution, embedding, norm, attention, vector, tensor. */
  readonly kind: string;
  /** The tensor that stands for the layer: its weight. */
  readonly main: TensorInfo;
  readonly tensors: readonly TensorInfo[];
  /** Elements in all its tensors. */
  readonly parameters: number;
}
