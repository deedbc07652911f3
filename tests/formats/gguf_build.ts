import { concat, u32, u64, utf8 } from "./build.ts";

// The bytes of GGUF files, well formed unless the arguments are not.

export const text = (value: string, length?: number | bigint) =>
  concat(u64(length ?? utf8(value).length), utf8(value));

/** A key and value pair; `type` is that of the value. */
export const pair = (key: string, type: number, value: Uint8Array) =>
  concat(text(key), u32(type), value);
export const word = (key: string, value: string) => pair(key, 8, text(value));
export const number = (key: string, value: number) => pair(key, 4, u32(value));
/** Of a list: the type of its items, how many, their bytes. */
export const list = (type: number, count: number | bigint, ...items: readonly Uint8Array[]) =>
  concat(u32(type), u64(count), ...items);

export interface GgufTensor {
  readonly name: string;
  /** Fastest axis first, as in the file. */
  readonly dims: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
  /** A lie. */
  readonly axes?: number;
}

export interface Gguf {
  readonly version?: number;
  readonly pairs?: readonly Uint8Array[];
  readonly tensors?: readonly GgufTensor[];
  /** Bytes behind the header and its padding. */
  readonly data?: number | Uint8Array;
  readonly alignment?: number;
  /** Lies. */
  readonly pairCount?: number | bigint;
  readonly tensorCount?: number | bigint;
}

/** A little-endian file; tensors are F32 at offset 0 unless said otherwise. */
export function ggufFile(given: Gguf = {}): Uint8Array<ArrayBuffer> {
  const { version = 3, pairs = [], tensors = [], data = 0, alignment = 32 } = given;
  const head = concat(
    concat(utf8("GGUF"), u32(version)),
    concat(u64(given.tensorCount ?? tensors.length), u64(given.pairCount ?? pairs.length)),
    ...pairs,
    ...tensors.map(({ name, dims, type = 0, offset = 0, axes = dims.length }) =>
      concat(text(name), u32(axes), u64(...dims), u32(type), u64(offset))
    ),
  );
  const padding = new Uint8Array((alignment - head.length % alignment) % alignment);
  return concat(head, padding, typeof data === "number" ? new Uint8Array(data) : data);
}
