import type { NetworkInput } from "../format.ts";
import { MAX_AXES } from "../malformed.ts";
import type { Field, Scanner } from "../protobuf.ts";
import { elementType } from "./types.ts";

/** An input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  /** Its element type and shape in words: "FLOAT [batch, 3, 224, 224]". */
  readonly type: string;
  /** Of a tensor. */
  readonly tensor: TensorType | null;
}

/** What a tensor has to be. */
export type TensorType = NonNullable<NetworkInput["tensor"]>;

/** Reads a ValueInfoProto. */
export async function readValueInfo(scan: Scanner, span: Field): Promise<ValueInfo> {
  const info: { name: string; type: string; tensor: TensorType | null } = {
    ...{ name: "", type: "", tensor: null },
  };
  await scan.walk(span, (field) => {
    if (field.number === 1) info.name = scan.text(field);
    if (field.number === 2) return readType(scan, field).then((read) => Object.assign(info, read));
  });
  return info;
}

/** A TypeProto, in words and, of a tensor, by its parts. */
async function readType(scan: Scanner, span: Field): Promise<Omit<ValueInfo, "name">> {
  const kinds = new Map([[4, "sequence"], [5, "map"], [8, "sparse tensor"], [9, "optional"]]);
  let type = "";
  let tensor: TensorType | null = null;
  await scan.walk(span, (field) => {
    type ||= kinds.get(field.number) ?? "";
    if (field.number === 1) return readTensorType(scan, field).then((read) => tensor = read);
  });
  return { type: tensor ? wordsOf(tensor) : type, tensor };
}

const wordsOf = ({ element, sides }: TensorType) =>
  element + (sides ? ` [${sides.join(", ")}]` : "");

async function readTensorType(scan: Scanner, span: Field): Promise<TensorType> {
  let element = "";
  let sides: readonly string[] | null = null;
  await scan.walk(span, (field) => {
    if (field.number === 1) element = elementType(field.value).name;
    if (field.number !== 2) return;
    return readShape(scan, field).then((read) => sides = read);
  });
  return { element, sides };
}

async function readShape(scan: Scanner, span: Field): Promise<string[]> {
  const sides: string[] = [];
  await scan.walk(span, (dimension) => {
    if (dimension.number !== 1 || sides.length === MAX_AXES) return;
    const at = sides.push("?") - 1;
    return scan.walk(dimension, (field) => {
      if (field.number === 1) sides[at] = String(field.value);
      if (field.number === 2) sides[at] = scan.text(field);
    });
  });
  return sides;
}
