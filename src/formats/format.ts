import type { Source, SourceRef } from "../storage/source.ts";

export { elementCount, rowMajor } from "../storage/shape.ts";

/** Element types as stored, and their sizes in bytes; everything is drawn as float32. */
export const dtypes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** How elements lie in bytes: `bytes` hold `elements` of them. */
export interface Packing {
  readonly elements: number;
  readonly bytes: number;
}

const block = (elements: number, bytes: number): Packing => ({ elements, bytes });

/**
 * Element types of which several share a block of bytes: nibbles, and ggml's quantized types. An
 * axis of such a tensor that runs through memory is a whole number of blocks long.
 */
export const blocks = {
  I4: block(2, 1),
  U4: block(2, 1),
  F4_E2M1: block(2, 1),
  Q4_0: block(32, 18),
  Q4_1: block(32, 20),
  Q5_0: block(32, 22),
  Q5_1: block(32, 24),
  Q8_0: block(32, 34),
  Q8_1: block(32, 36),
  Q2_K: block(256, 84),
  Q3_K: block(256, 110),
  Q4_K: block(256, 144),
  Q5_K: block(256, 176),
  Q6_K: block(256, 210),
  Q8_K: block(256, 292),
  IQ1_S: block(256, 50),
  IQ1_M: block(256, 56),
  IQ2_XXS: block(256, 66),
  IQ2_XS: block(256, 74),
  IQ2_S: block(256, 82),
  IQ3_XXS: block(256, 98),
  IQ3_S: block(256, 110),
  IQ4_NL: block(32, 18),
  IQ4_XS: block(256, 136),
  TQ1_0: block(256, 54),
  TQ2_0: block(256, 66),
  MXFP4: block(32, 17),
  NVFP4: block(64, 36),
  Q1_0: block(128, 18),
  // The same bytes as those of the type in front, read as one element for each of the block's
  // sub-blocks: the scale that its integers are multiplied by.
  Q2_K_SCALE: block(16, 84),
  Q3_K_SCALE: block(16, 110),
  Q4_K_SCALE: block(8, 144),
  Q5_K_SCALE: block(8, 176),
  Q6_K_SCALE: block(16, 210),
} as const satisfies Record<string, Packing>;

/** An element type with bytes of its own. */
export type Scalar = keyof typeof dtypes;
/** An element type that comes in blocks. */
export type Blocked = keyof typeof blocks;
export type Dtype = Scalar | Blocked;

const packings = new Map<Dtype, Packing>([
  ...(Object.entries(dtypes) as [Scalar, number][])
    .map(([dtype, bytes]): [Dtype, Packing] => [dtype, block(1, bytes)]),
  ...(Object.entries(blocks) as [Blocked, Packing][]),
]);

/** How elements of a type lie in bytes; one element for those that do not come in blocks. */
export const packingOf = (dtype: Dtype): Packing => packings.get(dtype)!;

export const isBlocked = (dtype: Dtype): dtype is Blocked => dtype in blocks;

/** Bytes of `count` elements; a fraction where they are no whole blocks. */
export function bytesOf(dtype: Dtype, count: number): number {
  const { elements, bytes } = packingOf(dtype);
  return count / elements * bytes;
}

/** The run of whole blocks that holds `count` elements from element `from` on: its start, its length. */
export function wholeBlocks(dtype: Dtype, from: number, count: number): [number, number] {
  const { elements } = packingOf(dtype);
  const first = Math.floor(from / elements) * elements;
  return [first, Math.ceil((from + count) / elements) * elements - first];
}

/** One tensor, as a header describes it: where its bytes lie, not the bytes. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements to step for one step along each axis: row-major unless the file says otherwise. */
  readonly strides: readonly number[];
  readonly bigEndian: boolean;
  /** The bytes' home, and the first byte there. */
  readonly source: SourceRef;
  readonly offset: number;
  /** Bytes of the span in the source that holds all elements; of a strided view, its gaps too. */
  readonly bytes: number;
  /** Where values are stored as integers of a scale: value = stored × scale + offset. */
  readonly affine?: { readonly scale: number; readonly offset: number };
  /**
   * By its number, each axis that is no even step through the elements: the sides that it is
   * composed of, outermost first; their sizes multiply to the axis'. What `strides` says of it is
   * only its rank among the others.
   */
  readonly composed?: Readonly<Record<number, readonly Side[]>>;
  /**
   * Of weights that the file does not keep as [output, input, space…]: their axes in that order,
   * such as [3, 2, 0, 1] of a convolution [height, width, input, output].
   */
  readonly layout?: readonly number[];
  /** What a reader of its values should know: a sentence. */
  readonly note?: string;
}

/** A number of even steps. */
export interface Side {
  readonly size: number;
  /** Elements to step. */
  readonly stride: number;
}

/** A value of a file's free-form metadata; of a list, its length and its first few items. */
export type MetadataValue =
  | string
  | number
  | boolean
  | null
  | { readonly count: number; readonly first: readonly (string | number | boolean | null)[] };

export type Metadata = Readonly<Record<string, MetadataValue>>;

/** One operation of a network, as the file has it. */
export interface GraphNode {
  /** Unique in its graph. */
  readonly name: string;
  /** The format's name of the operation: "Conv", "MatMul", "Dense". */
  readonly op: string;
  /** Names of the nodes whose results it takes, in order, those of other graphs left out. */
  readonly inputs: readonly string[];
  /** Names of the tensors of the listing that it takes. */
  readonly tensors: readonly string[];
}

/** What computes what; nodes come in an order in which they can run. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
}

/** What a header says. */
export interface Listing {
  readonly tensors: readonly TensorInfo[];
  /** Free-form key and value pairs of the file. */
  readonly metadata: Metadata;
  /** Tensors that cannot be drawn, and why: text, complex numbers, unknown element types. */
  readonly ignored?: readonly Ignored[];
  /** Its files that cannot be read, where others can. */
  readonly failures?: readonly LostFile[];
  /** Other looks at bytes of the tensors, such as the scales of quantized blocks; not counted. */
  readonly views?: readonly TensorInfo[];
  readonly graph?: Graph;
  /** Of a network that can be run: what has to be put in. */
  readonly inputs?: readonly NetworkInput[];
  /** Of a capture, whose last step `tensors` are of. */
  readonly capture?: Capture;
}

/** What has to be put into a network. */
export interface NetworkInput {
  readonly name: string;
  /** Null for what is no tensor. */
  readonly tensor: {
    /** The format's own name: "FLOAT". */
    readonly element: string;
    /** Each a number, the name of a dynamic one, or "?"; null where there may be any. */
    readonly sides: readonly string[] | null;
  } | null;
}

/** Moments of a training. */
export interface Capture {
  /** Names of layers, in order of depth. */
  readonly order: readonly string[];
  /** Ascending; at least one. */
  readonly steps: readonly Step[];
}

/** What a network held and computed at one moment of its training. */
export interface Step {
  readonly step: number;
  /** What else is known of it: loss, epoch, accuracy. */
  readonly facts: Metadata;
  /** Weights, by the network's own names. */
  readonly tensors: readonly TensorInfo[];
  readonly captured: readonly Captured[];
}

/** A sample is what was put in, and what belongs to that: labels. */
export type CapturedKind = "gradient" | "activation" | "attention" | "sample";

/** A tensor that is no weight. */
export interface Captured {
  readonly kind: CapturedKind;
  /** The weight that a gradient is of; else the layer, or its own name. */
  readonly of: string;
  /** By the name in its file: "act/conv1". */
  readonly tensor: TensorInfo;
  /** Of what a run gave or was given, what the network calls it. */
  readonly value?: string;
}

export interface Ignored {
  readonly name: string;
  /** A half sentence: "its elements are strings". */
  readonly reason: string;
}

/** A file of a model in several that is missing or malformed. */
export interface LostFile {
  /** As the others name it, relative to them. */
  readonly file: string;
  /** A sentence: what was found and what was expected. */
  readonly detail: string;
  /** How many tensors should be in it. */
  readonly tensors: number;
}

/** What surrounds a file that is being read. */
export interface Reading {
  readonly signal?: AbortSignal;
  /**
   * Opens the file at a path relative to the one being read; whoever opened that one closes it.
   * Throws `FormatError` where it is missing or lies outside the folder.
   * Not there where a file has no surroundings.
   */
  readonly beside?: (path: string) => Promise<Source>;
}

/** A kind of model file: a file of its name in this folder, its parts in the folder beside. */
export interface Format {
  readonly name: string;
  /** For readers of the README and of `GET /formats`. */
  readonly about: About;
  /** Whether a file with these first bytes (up to `HEAD`) and this name is of this kind. */
  claims(head: Uint8Array, name: string): boolean;
  /**
   * Those of the names in its folder, files and folders, that belong to the file `name`: shards,
   * data beside an index. They are no models of their own.
   */
  companions?(name: string, names: readonly string[]): readonly string[];
  /** Reads the header only. Throws `FormatError`. */
  list(source: Source, reading?: Reading): Promise<Listing>;
  /**
   * Reads all tensors and holds them against the checksums that the file states: how many bytes
   * that were. Throws `FormatError` for the first that differs. Not there where nothing states any.
   */
  verify?(source: Source, reading?: Reading): Promise<number>;
}

/** What a format's reader offers, in words. */
export interface About {
  readonly title: string;
  /** Names of files: "*.safetensors". */
  readonly files: readonly string[];
  /** What is read of it: element types, variants. */
  readonly reads: string;
  /** What is refused or left out. */
  readonly not: string;
}
