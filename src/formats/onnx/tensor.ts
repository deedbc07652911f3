import { MAX_AXES } from "../malformed.ts";
import type { Field, Scanner, Span } from "../protobuf.ts";
import { Repeated } from "../protobuf/repeated.ts";
import { typed } from "./types.ts";

/** Where values lie in another file, as the file says it. */
export interface External {
  location?: string;
  offset?: string;
  length?: string;
}

/** A TensorProto as it stands in the file: where its values are, not the values. */
export interface Stored {
  name: string;
  /** A number of `TensorProto.DataType`. */
  type: number;
  shape: number[];
  raw?: Span;
  /** Values in fields of their kind, by field number. */
  typed?: Map<number, Repeated>;
  external?: External;
}

const EXTERNAL = 1;
const numbers: ReadonlySet<number> = new Set(Object.values(typed).map(({ number }) => number));

/** Reads a TensorProto. */
export async function readTensor(scan: Scanner, span: Span | Field): Promise<Stored> {
  const tensor: Stored = { name: "", type: 0, shape: [] };
  let external: External | undefined;
  let location = 0;
  const walking = scan.walk(span, (field) => {
    if (numbers.has(field.number)) return repeated(tensor.typed ??= new Map(), field, scan);
    switch (field.number) {
      case 1:
        return addSides(scan, tensor, field);
      case 2:
        tensor.type = field.value;
        return;
      case 8:
        tensor.name = scan.text(field);
        return;
      case 9:
        tensor.raw = field;
        return;
      case 13:
        return readEntry(scan, field, external ??= {});
      case 14:
        location = field.value;
    }
  });
  if (walking) await walking;
  if (location === EXTERNAL) tensor.external = external ?? {};
  return tensor;
}

/** Reads a StringStringEntryProto. */
function readEntry(
  scan: Scanner,
  span: Field,
  into: External,
): Promise<void> | void {
  let key = "";
  let value = "";
  const walking = scan.walk(span, (field) => {
    if (field.number === 1) key = scan.text(field);
    if (field.number === 2) value = scan.text(field);
  });
  const put = () => {
    if (key === "location" || key === "offset" || key === "length") into[key] = value;
  };
  return walking ? walking.then(put) : put();
}

function repeated(
  found: Map<number, Repeated>,
  field: Field,
  scan: Scanner,
): Promise<void> | void {
  let values = found.get(field.number);
  if (!values) found.set(field.number, values = new Repeated(scan));
  return values.add(field);
}

function addSides(scan: Scanner, tensor: Stored, field: Field): void {
  tensor.shape = [...tensor.shape, ...scan.integers(field).slice(0, MAX_AXES + 1)];
  if (tensor.shape.length > MAX_AXES) {
    throw scan.malformed(field, "dims", "a longer list", `at most ${MAX_AXES} sides`);
  }
}
