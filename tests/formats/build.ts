import { crc32, deflateRawSync } from "node:zlib";

/** The bytes of files, well formed unless the arguments are not. */
export const utf8 = (text: string) => new TextEncoder().encode(text);

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const u16 = (...values: readonly number[]) =>
  new Uint8Array(Uint16Array.from(values).buffer);
export const u32 = (...values: readonly number[]) =>
  new Uint8Array(Uint32Array.from(values).buffer);
export const u64 = (...values: readonly (number | bigint)[]) =>
  new Uint8Array(BigUint64Array.from(values, BigInt).buffer);

/** A safetensors file: the header as text or as an object, `data` bytes of zeros or given. */
export function safetensorsFile(
  header: string | object,
  data: number | Uint8Array = 0,
  length?: number | bigint,
): Uint8Array<ArrayBuffer> {
  const text = utf8(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  return concat(u64(length ?? text.length), text, bytes);
}

/** An npy file with this header text. */
export function npyFile(header: string, data: Uint8Array, version = 1): Uint8Array<ArrayBuffer> {
  const text = utf8(header);
  const length = version === 1 ? u16(text.length) : u32(text.length);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0);
  return concat(magic, length, text, data);
}

/** What numpy writes for a plain array. */
export const npyHeader = (descr: string, shape: readonly number[], fortran = false) =>
  `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${
    shape.map((side) => `${side},`).join(" ")
  }), }`;

export interface ZipMember {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Lies that the headers tell. */
  readonly size?: number;
  readonly packed?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly checksum?: number;
  readonly offset?: number;
  /** Write sizes and offset as 64-bit extra fields. */
  readonly wide?: boolean;
}

/** A zip archive. */
export function zipFile(
  members: readonly ZipMember[],
  end: { readonly count?: number; readonly offset?: number; readonly wide?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const member of members) {
    const name = utf8(member.name);
    const body = member.deflate ? new Uint8Array(deflateRawSync(member.data)) : member.data;
    const packed = member.packed ?? body.length;
    const size = member.size ?? member.data.length;
    const offset = member.offset ?? at;
    const extra = member.wide
      ? concat(u16(1), u16(24), u64(size), u64(packed), u64(offset))
      : utf8("");
    const narrow = (value: number) => u32(member.wide ? 0xffffffff : value);
    const common = concat(
      u16(20),
      u16(member.flags ?? 0x800),
      u16(member.method ?? (member.deflate ? 8 : 0)),
      u32(0),
      u32(member.checksum ?? crc32(member.data)),
      narrow(packed),
      narrow(size),
      u16(name.length),
      u16(extra.length),
    );
    local.push(concat(u32(0x04034b50), common, name, extra, body));
    central.push(
      concat(u32(0x02014b50), u16(20), common, u16(0), u16(0), u16(0), u32(0), narrow(offset)),
      name,
      extra,
    );
    at += local.at(-1)!.length;
  }
  const directory = concat(...central);
  const count = end.count ?? members.length;
  const offset = end.offset ?? at;
  const wide = end.wide
    ? concat(
      concat(u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0)),
      concat(u64(count), u64(count), u64(directory.length), u64(offset)),
      concat(u32(0x07064b50), u32(0), u64(at + directory.length), u32(1)),
    )
    : utf8("");
  const last = concat(
    concat(u32(0x06054b50), u16(0), u16(0), u16(end.wide ? 0xffff : count)),
    concat(u16(end.wide ? 0xffff : count), u32(end.wide ? 0xffffffff : directory.length)),
    concat(u32(end.wide ? 0xffffffff : offset), u16(0)),
  );
  return concat(...local, directory, wide, last);
}
