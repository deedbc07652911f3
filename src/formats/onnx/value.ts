import { MAX_AXES } from "../malformed.ts";
import type { Field, Scanner } from "../protobuf.ts";
import { elementType } from "./types.ts";

/** An input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  /** Its element type and shape in words: "FLOAT [batch, 3, 224, 224]". */
  readonly type: string;
}

/** Reads a ValueInfoProto. */
export async function readValueInfo(scan: Scanner, span: Field): Promise<ValueInfo> {
  const info = { name: "", type: "" };
  await scan.walk(span, (field) => {
    if (field.number === 1) info.name = scan.text(field);
    if (field.number === 2) return readType(scan, field).then((type) => info.type = type);
  });
  return info;
}

/** A TypeProto in words. */
async function readType(scan: Scanner, span: Field): Promise<string> {
  const kinds = new Map([[4, "sequence"], [5, "map"], [8, "sparse tensor"], [9, "optional"]]);
  let type = "";
  await scan.walk(span, (field) => {
    type ||= kinds.get(field.number) ?? "";
    if (field.number === 1) return readTensorType(scan, field).then((text) => type = text);
  });
  return type;
}

async function readTensorType(scan: Scanner, span: Field): Promise<string> {
  let [element, shape] = ["", ""];
  await scan.walk(span, (field) => {
    if (field.number === 1) element = elementType(field.value).name;
    if (field.number !== 2) return;
    return readShape(scan, field).then((sides) => shape = ` [${sides.join(", ")}]`);
  });
  return element + shape;
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
