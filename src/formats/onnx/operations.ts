import type { Source } from "../../storage/source.ts";
import { type Field, Scanner } from "../protobuf.ts";
import { readOpset } from "./model.ts";
import { readTensor } from "./tensor.ts";

/** An operation of the outermost graph, with all that it says. */
export interface Operation {
  /** ONNX's name; of other domains, theirs before it: "com.microsoft.Attention". */
  readonly op: string;
  /** Names of values, initializers among them; empty where an optional one was left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>;
}

type Value = Operation["attributes"][string];

/** The domain of ONNX's own operations. */
const OWN = "ai.onnx";
/** Stands for attributes that are no numbers and no text: graphs, tensors of several elements. */
const OTHER = "(no number)";

/** The operations of an ONNX model's outermost graph, constants aside, in the file's order. Throws `FormatError`. */
export async function readOperations(source: Source, signal?: AbortSignal): Promise<Operation[]> {
  const scan = new Scanner(source, signal), operations: Operation[] = [];
  let version = Infinity;
  await scan.walk(scan.root, (field) => {
    if (field.number === 8) {
      return readOpset(scan, field).then(([domain, own]) => {
        if (domain === OWN) version = own;
      });
    }
    if (field.number !== 7) return;
    return scan.walk(field, (field) => {
      if (field.number !== 1) return;
      return readOperation(scan, field).then((read) => {
        if (read.op !== "Constant") operations.push(read);
      });
    });
  });
  return version < 13 ? operations.map(olderSoftmax) : operations;
}

/** Before version 13 a softmax has another axis unless told, and goes over all axes from that one on. */
const olderSoftmax = (operation: Operation): Operation => {
  const { op, attributes } = operation;
  return op === "Softmax" || op === "LogSoftmax"
    ? { ...operation, attributes: { axis: 1, ...attributes, flattens: 1 } }
    : operation;
};

async function readOperation(scan: Scanner, span: Field): Promise<Operation> {
  const inputs: string[] = [], outputs: string[] = [];
  const attributes = new Map<string, Value>();
  let op = "", domain = "";
  await scan.walk(span, (field) => {
    switch (field.number) {
      case 1:
        inputs.push(scan.text(field));
        return;
      case 2:
        outputs.push(scan.text(field));
        return;
      case 4:
        op = scan.text(field);
        return;
      case 5:
        return readAttribute(scan, field).then((read) => attributes.set(...read));
      case 7:
        domain = scan.text(field);
    }
  });
  const name = domain === "" || domain === OWN ? op : `${domain}.${op}`;
  return { op: name, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

/** Reads an AttributeProto. */
async function readAttribute(scan: Scanner, span: Field): Promise<[string, Value]> {
  let name = "", value: Value | undefined;
  const add = (numbers: readonly number[]) => {
    value = [...(Array.isArray(value) ? value as readonly number[] : []), ...numbers];
  };
  await scan.walk(span, (field) => {
    switch (field.number) {
      case 1:
        name = scan.text(field);
        return;
      case 2:
        [value] = floatsOf(scan.bytes(field));
        return;
      case 3:
        value = field.value;
        return;
      case 4:
        value = scan.text(field);
        return;
      case 5:
        return readNumber(scan, field).then((read) => value = read);
      case 7:
        add(floatsOf(scan.bytes(field)));
        return;
      case 8:
        add(scan.integers(field));
        return;
      case 6:
      case 11:
        value = OTHER;
    }
  });
  // A list without elements leaves no field behind.
  return [name, value ?? []];
}

function floatsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Numbers of `TensorProto.DataType`, by their bytes. */
const readers: Readonly<Record<number, (view: DataView) => number>> = {
  1: (view) => view.getFloat32(0, true),
  6: (view) => view.getInt32(0, true),
  7: (view) => Number(view.getBigInt64(0, true)),
  9: (view) => view.getUint8(0),
  11: (view) => view.getFloat64(0, true),
};

/** The number of a tensor of one. */
async function readNumber(scan: Scanner, field: Field): Promise<Value> {
  const { type, raw, shape } = await readTensor(scan, field);
  const read = readers[type], count = shape.reduce((product, side) => product * side, 1);
  if (!read || !raw || count !== 1) return OTHER;
  const bytes = await scan.read(raw, 8);
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
}
