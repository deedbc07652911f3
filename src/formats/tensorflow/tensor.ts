import { varints } from "../../storage/codecs/varints.ts";
import type { SourceRef } from "../../storage/source.ts";
import { bytesOf, type Ignored, rowMajor, type TensorInfo } from "../format.ts";
import { checkShape, malformed, MAX_AXES, type Refuse, show } from "../malformed.ts";
import type { Scanner, Span } from "../protobuf.ts";
import { asIntegers, MAX_KEPT, Repeated } from "../protobuf/repeated.ts";
import { elementType } from "./dtypes.ts";

/** A TensorProto as it stands in the file: where its values are, not the values. */
export interface Stored {
  /** A number of `DataType`. */
  type: number;
  readonly shape: number[];
  content?: Span;
  /** Single values, by field number. */
  readonly values: Map<number, Repeated>;
}

/** Fields of single values: bytes of a number, "varint" where integers are written so. */
const encodings = new Map<number, number | "varint">([
  ...[[5, 4], [6, 8], [18, 1]] as const,
  ...[7, 10, 11, 13, 16, 17].map((field) => [field, "varint"] as const),
]);
/** Bytes of varints that are counted; of more, there have to be as many as elements. */
const MAX_COUNTED = 1 << 16;

/** Reads a TensorProto: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/tensor.proto */
export async function readTensor(scan: Scanner, span: Span): Promise<Stored> {
  const tensor: Stored = { type: 0, shape: [], values: new Map() };
  await scan.walk(span, (field) => {
    if (encodings.has(field.number)) {
      let values = tensor.values.get(field.number);
      if (!values) tensor.values.set(field.number, values = new Repeated(scan));
      return values.add(field);
    }
    if (field.number === 1) tensor.type = field.value;
    if (field.number === 2) return readShape(scan, field, tensor.shape);
    if (field.number === 4) tensor.content = field;
  });
  return tensor;
}

/** Adds the sides of a TensorShapeProto; one left out is 0, an unknown one -1. */
async function readShape(scan: Scanner, span: Span, shape: number[]): Promise<void> {
  await scan.walk(span, (dimension) => {
    if (dimension.number !== 2) return;
    const at = shape.push(0) - 1;
    if (at === MAX_AXES) throw scan.malformed(span, "shape", "longer", `up to ${MAX_AXES} sides`);
    return scan.walk(dimension, (field) => {
      if (field.number === 1) shape[at] = field.value;
    });
  });
}

/**
 * Where a tensor's values lie, or why they cannot be drawn. The last of single values stands for
 * all after it, zero where there is none. Throws `FormatError` where their number is not the shape's.
 */
export async function place(
  scan: Scanner,
  stored: Stored,
  name: string,
): Promise<TensorInfo | Ignored> {
  const field = `tensor ${show(name)}`;
  const refuse = (what: string) => (found: string, expected: string) =>
    malformed(scan.source.name, `${field} ${what}`, found, expected);
  const { shape, count } = checkShape(stored.shape, refuse("shape"));
  const { name: type, dtype, field: number } = elementType(stored.type);
  if (!dtype || !number) return { name, reason: `its elements are of type ${type}` };
  const bytes = bytesOf(dtype, count);
  const common = { name, dtype, shape, bigEndian: false };
  const whole = { ...common, strides: rowMajor(shape), bytes };
  const { content } = stored;
  if (count === 0 || (content && content.length > 0)) {
    const { offset, length } = content ?? { offset: 0, length: 0 };
    if (length === bytes) return { ...whole, source: scan.source.ref, offset };
    throw refuse("tensor_content")(`${length} bytes`, `${bytes} for its shape`);
  }
  const values = await placeValues(stored.values.get(number), {
    scan,
    encoding: encodings.get(number)!,
    itemBytes: bytes / count,
    count,
    refuse: refuse("values"),
  });
  if (typeof values === "string") return { name, reason: values };
  const { source, offset, given } = values;
  if (given === count) return { ...whole, source, offset };
  return { ...common, source, offset, strides: shape.map(() => 0), bytes: bytes / count };
}

/** Single values: all of a tensor's, or one for all. */
interface Single {
  readonly source: SourceRef;
  readonly offset: number;
  /** How many lie there. */
  readonly given: number;
}

interface Wanted {
  readonly scan: Scanner;
  readonly encoding: number | "varint";
  readonly itemBytes: number;
  readonly count: number;
  readonly refuse: Refuse;
}

async function placeValues(
  repeated: Repeated | undefined,
  wanted: Wanted,
): Promise<Single | string> {
  const { scan, encoding, itemBytes, count } = wanted;
  const { name } = scan.source;
  const memory = (bytes: Uint8Array) => ({ kind: "memory", name, bytes }) as const;
  if (!repeated || repeated.length === 0) {
    return { source: memory(new Uint8Array(itemBytes)), offset: 0, given: 1 };
  }
  const values = repeated.values(name);
  if (!values) return "its values are scattered over the file";
  const some = await repeated.read(MAX_COUNTED);
  const numbers = some && decoded(some, wanted);
  const given = numbers
    ? numbers.length / itemBytes
    : encoding === "varint"
    ? count
    : values.length / itemBytes;
  if (given > count || !Number.isInteger(given)) {
    throw wanted.refuse(`${given} numbers`, `at most the ${count} of its shape`);
  }
  if (given === count || given === 1) {
    const place = encoding === "varint" ? asIntegers(values, given, itemBytes) : values;
    if (place) return { source: place.source, offset: place.offset, given };
    throw wanted.refuse(`${values.length} bytes`, `${given} integers of 1 to 10 bytes`);
  }
  const size = count * itemBytes;
  if (!numbers || scan.kept + size > MAX_KEPT) {
    return `the last of its ${given} values stands for ${count - given} more`;
  }
  scan.kept += size;
  const bytes = new Uint8Array(size);
  bytes.set(numbers);
  const last = numbers.subarray(-itemBytes);
  for (let at = numbers.length; at < size; at += itemBytes) bytes.set(last, at);
  return { source: memory(bytes), offset: 0, given: count };
}

function decoded(bytes: Uint8Array, { encoding, itemBytes, count, refuse }: Wanted): Uint8Array {
  if (encoding !== "varint") return bytes;
  try {
    return varints.decode(bytes, bytes.length * itemBytes, { name: "varints", itemBytes });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(why, `up to ${count} varints`);
  }
}
