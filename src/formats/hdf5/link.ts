import { type Cursor, text } from "./cursor.ts";

/** An entry of a group. */
export interface Link {
  readonly name: string;
  /** The address of an object's header; undefined for a link that is a path. */
  readonly address: number | undefined;
  /** Where it leads, for a link into another file. */
  readonly external: string | undefined;
}

const HARD = 0, EXTERNAL = 64;

/** The link message. */
export function parseLink(body: Cursor): Link {
  body.version(1);
  const flags = body.u8();
  const type = flags & 8 ? body.u8() : HARD;
  if (flags & 4) body.skip(8);
  if (flags & 16) body.skip(1);
  const name = text(body.take(body.count(1 << (flags & 3), "length of a name")));
  if (type === HARD) {
    const address = body.offset();
    if (address === undefined) throw body.refuse("address", "undefined", "that of a header");
    return { name, address, external: undefined };
  }
  const value = body.take(body.u16());
  // A byte of flags, then the file, a zero, the path in it.
  const external = type === EXTERNAL ? text(value.subarray(1)) : undefined;
  return { name, address: undefined, external };
}
