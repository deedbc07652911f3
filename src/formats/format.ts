import type { Source, SourceRef } from "../storage/source.ts";

/** Element types as stored; everything is drawn as float32. */
export const dtypes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
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

/** An element type; `dtypes[dtype]` is its size in bytes. */
export type Dtype = keyof typeof dtypes;

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
  /** Length in bytes. */
  readonly bytes: number;
}

/** What a header says. */
export interface Listing {
  readonly tensors: readonly TensorInfo[];
  /** Free-form key and value pairs of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A kind of model file. One file a kind in this folder, named in `table.ts`. */
export interface Format {
  readonly name: string;
  /** Whether a file with these first bytes (up to 64) and this name is of this kind. */
  claims(head: Uint8Array, name: string): boolean;
  /** Reads the header only. Throws `FormatError`. */
  list(source: Source, signal?: AbortSignal): Promise<Listing>;
}

/** Row-major strides, in elements, of a shape. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}
