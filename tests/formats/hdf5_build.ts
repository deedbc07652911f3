import { lookup3 } from "../../src/formats/hdf5/checksum.ts";
import { concat, u16, u32, u64, utf8 } from "./build.ts";

// HDF5 files of version 2 headers, put together by hand, so that they can say what no library writes.

const NONE = 0xffffffffffffffffn;

/** Bytes with their checksum behind them. */
const sealed = (...parts: readonly Uint8Array[]) => {
  const bytes = concat(...parts);
  return concat(bytes, u32(lookup3(bytes)));
};

export const message = (kind: number, ...body: readonly Uint8Array[]) => {
  const bytes = concat(...body);
  return concat(Uint8Array.of(kind), u16(bytes.length), Uint8Array.of(0), bytes);
};

export const link = (name: string, address: number) =>
  message(0x06, Uint8Array.of(1, 1), u16(utf8(name).length), utf8(name), u64(address));

/** A data set of float32, row-major from an address on. */
export const dataset = (
  shape: readonly (number | bigint)[],
  layout: Uint8Array,
  type = float32,
) => [
  message(0x01, Uint8Array.of(2, shape.length, 0, 1), u64(...shape)),
  message(0x03, type),
  message(0x08, layout),
];

const float32 = concat(
  Uint8Array.of(0x11, 0x20, 31, 0),
  u32(4),
  u16(0),
  u16(32),
  Uint8Array.of(23, 8, 0, 23),
  u32(127),
);

export const contiguous = (address: number | bigint, bytes: number | bigint) =>
  concat(Uint8Array.of(3, 1), u64(address), u64(bytes));

/** Chunks of a version 1 B-tree. */
export const chunked = (chunk: readonly number[], address: number | bigint = NONE) =>
  concat(
    Uint8Array.of(3, 2, chunk.length + 1),
    u64(address),
    u32(...chunk, 4),
  );

/** A file in the making: blocks one after the other from byte 48 on, where the root's header is. */
export class Hdf5Builder {
  readonly #blocks: Uint8Array[] = [];
  #end = 48;

  /** Where the next block will be. */
  get next(): number {
    return this.#end;
  }

  add(block: Uint8Array): number {
    const address = this.#end;
    this.#blocks.push(block);
    this.#end += block.length;
    return address;
  }

  header(...messages: readonly Uint8Array[]): number {
    return this.add(headerOf(...messages));
  }

  /** The whole; its root group is the header at an address. */
  file(root: number, end = this.#end): Uint8Array<ArrayBuffer> {
    const superblock = sealed(
      Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, 8, 8, 0),
      u64(0),
      u64(NONE),
      u64(end),
      u64(root),
    );
    return concat(superblock, ...this.#blocks);
  }
}

export const headerOf = (...messages: readonly Uint8Array[]) => {
  const body = concat(...messages);
  return sealed(utf8("OHDR"), Uint8Array.of(2, 2), u32(body.length), body);
};
