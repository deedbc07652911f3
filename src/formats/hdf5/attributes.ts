import { readRecords } from "./btree2.ts";
import { type Cursor, text } from "./cursor.ts";
import { parseDataspace } from "./dataspace.ts";
import { type Datatype, parseDatatype } from "./datatype.ts";
import { openHeap } from "./fractal_heap.ts";
import type { GlobalHeap } from "./global_heap.ts";
import { MESSAGE, type Message, resolve } from "./header.ts";
import type { Reader } from "./reader.ts";

/** An attribute's value: one, or a list. */
export type Value = string | number | readonly (string | number)[];
export type Attributes = ReadonlyMap<string, Value>;

const NONE: Attributes = new Map();
const MAX_VALUES = 1 << 16;
const BY_NAME = 8;

/** The attributes of an object that are texts or numbers; others are left out. */
export async function readAttributes(
  reader: Reader,
  messages: readonly Message[],
  heap: GlobalHeap,
): Promise<Attributes> {
  const found = new Map<string, Value>();
  for (const { kind, body } of messages) {
    const bodies = kind === MESSAGE.attribute
      ? [body]
      : kind === MESSAGE.attributeInfo
      ? await dense(reader, body)
      : [];
    for (const each of bodies) {
      const attribute = await parse(reader, each, heap);
      if (attribute) found.set(attribute.name, attribute.value);
    }
  }
  return found.size > 0 ? found : NONE;
}

/** Attributes that are too many, or too large, for the header. */
async function dense(reader: Reader, body: Cursor): Promise<Cursor[]> {
  body.version(0);
  if (body.u8() & 1) body.skip(2);
  const address = body.offset();
  const tree = body.offset();
  if (address === undefined) return [];
  const object = await openHeap(reader, address);
  const bodies: Cursor[] = [];
  for (const record of await readRecords(reader, tree, BY_NAME)) {
    bodies.push(await object(record.inner(8, "id of an attribute")));
  }
  return bodies;
}

async function parse(
  reader: Reader,
  body: Cursor,
  heap: GlobalHeap,
): Promise<{ name: string; value: Value } | undefined> {
  const version = body.version(1, 2, 3);
  const flags = version === 1 ? 0 : body.u8();
  if (version === 1) body.skip(1);
  const sizes = [body.u16(), body.u16(), body.u16()];
  if (version === 3) body.skip(1);
  const [nameBytes, typeBytes, spaceBytes] = version === 1
    ? sizes.map((size) => Math.ceil(size / 8) * 8)
    : sizes;
  const name = text(body.take(nameBytes!));
  const part = (bytes: number, kind: number, shared: boolean, what: string) =>
    resolve(reader, body.inner(bytes, `attribute ${name} ${what}`), kind, shared);
  const type = parseDatatype(await part(typeBytes!, MESSAGE.datatype, (flags & 1) !== 0, "type"));
  const space = parseDataspace(
    await part(spaceBytes!, MESSAGE.dataspace, (flags & 2) !== 0, "shape"),
  );
  if (space.none || (!type.text && !type.dtype)) return undefined;
  if (space.count > MAX_VALUES || space.count * type.size > body.left) {
    const rule = `at most ${MAX_VALUES}, within ${body.left} bytes`;
    throw body.refuse(`attribute ${name} values`, space.count, rule);
  }
  const values: (string | number)[] = [];
  for (let i = 0; i < space.count; i++) {
    values.push(await value(body.inner(type.size, `attribute ${name}`), type, heap));
  }
  return { name, value: space.shape.length === 0 ? values[0]! : values };
}

async function value(body: Cursor, type: Datatype, heap: GlobalHeap): Promise<string | number> {
  if (type.text === "variable") return text(await heap.object(body));
  if (type.text === "fixed") return text(body.bytes).trimEnd();
  return number(body.bytes, type);
}

function number(bytes: Uint8Array, { dtype, bigEndian }: Datatype): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = !bigEndian;
  switch (dtype) {
    case "F64":
      return view.getFloat64(0, little);
    case "F32":
      return view.getFloat32(0, little);
    case "F16":
      return view.getFloat16(0, little);
    case "I64":
      return Number(view.getBigInt64(0, little));
    case "U64":
      return Number(view.getBigUint64(0, little));
    case "I32":
      return view.getInt32(0, little);
    case "U32":
      return view.getUint32(0, little);
    case "I16":
      return view.getInt16(0, little);
    case "U16":
      return view.getUint16(0, little);
    case "I8":
      return view.getInt8(0);
    case "U8":
    case "BOOL":
      return view.getUint8(0);
    default:
      return NaN;
  }
}
