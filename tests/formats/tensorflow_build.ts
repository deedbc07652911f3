import { crc32c, maskCrc } from "../../src/storage/crc32c.ts";
import { concat, u32, utf8 } from "./build.ts";
import { field, varint } from "./protobuf_build.ts";

const latin1 = (key: string) => Uint8Array.from(key, (character) => character.charCodeAt(0));

/** An entry with the key in full, unless `shared` says otherwise. */
export const tableEntry = (key: string, value: Uint8Array, shared = 0): Uint8Array<ArrayBuffer> =>
  concat(varint(shared), varint(key.length), varint(value.length), latin1(key), value);

/** A block of these bytes, and what follows it. */
export function block(body: Uint8Array, kind = 0, restarts = 0): Uint8Array<ArrayBuffer> {
  const data = concat(body, kind === 1 ? utf8("") : u32(restarts), Uint8Array.of(kind));
  return concat(data, u32(maskCrc(crc32c(data))));
}

export interface Lies {
  /** The block of data, as `block` makes it. */
  readonly block?: Uint8Array;
  /** The entries of the index block; where the data block lies at 0. */
  readonly index?: Uint8Array;
  readonly magic?: bigint;
  /** Where the index block lies: offset and size. */
  readonly handle?: readonly [number, number];
}

/** A table of one block with these entries. */
export function tableOf(entries: Uint8Array, lies: Lies = {}): Uint8Array<ArrayBuffer> {
  const data = lies.block ?? block(entries);
  const value = concat(varint(0), varint(data.length - 5));
  const index = block(lies.index ?? tableEntry("~", value));
  const [offset, size] = lies.handle ?? [data.length, index.length - 5];
  const handles = concat(varint(0), varint(0), varint(offset), varint(size));
  const padding = new Uint8Array(40 - handles.length);
  const magic = BigUint64Array.of(lies.magic ?? 0xdb4775248b80fb57n);
  return concat(data, index, handles, padding, new Uint8Array(magic.buffer));
}

export interface EntryFields {
  readonly type?: number;
  readonly shape?: readonly number[];
  readonly shard?: number;
  readonly offset?: number;
  readonly size?: number;
  readonly slices?: readonly (readonly (readonly [number, number])[])[];
}

/** A BundleEntryProto; extents of slices are start and length. */
export const entryOf = (fields: EntryFields): Uint8Array<ArrayBuffer> =>
  concat(
    field(1, fields.type ?? 1),
    field(2, concat(...(fields.shape ?? []).map((side) => field(2, field(1, side))))),
    field(3, fields.shard ?? 0),
    field(4, fields.offset ?? 0),
    field(5, fields.size ?? 0),
    ...(fields.slices ?? []).map((slice) =>
      field(
        7,
        concat(
          ...slice.map(([start, length]) => field(1, concat(field(1, start), field(2, length)))),
        ),
      )
    ),
  );

/** An index file: the header's entry, then these. */
export const indexOf = (
  entries: Readonly<Record<string, EntryFields>>,
  header: Uint8Array = field(1, 1),
): Uint8Array<ArrayBuffer> =>
  tableOf(
    concat(
      tableEntry("", header),
      ...Object.entries(entries).map(([key, fields]) => tableEntry(key, entryOf(fields))),
    ),
  );
