import type { Metadata } from "../format.ts";
import type { Field, Scanner } from "../protobuf.ts";
import { type Body, readFunction, readGraph } from "./graph.ts";
import type { ValueInfo } from "./value.ts";

/** A ModelProto as it stands in the file. */
export interface Parsed {
  readonly graph: Body | undefined;
  readonly functions: readonly Body[];
  readonly metadata: Metadata;
}

/** Bytes of a text that are shown of it. */
const MAX_TEXT = 4096;
const texts = new Map([
  [2, "producer_name"],
  [3, "producer_version"],
  [4, "domain"],
  [6, "doc_string"],
]);

/** Reads a ModelProto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export async function readModel(scan: Scanner): Promise<Parsed> {
  const metadata = new Map<string, string | number>();
  const functions: Body[] = [];
  let graph: Body | undefined;
  await scan.walk(scan.root, (field) => {
    const text = texts.get(field.number);
    if (text) return startOfText(scan, field).then((value) => metadata.set(text, value));
    switch (field.number) {
      case 1:
        metadata.set("ir_version", field.value);
        return;
      case 5:
        metadata.set("model_version", field.value);
        return;
      case 7:
        return readGraph(scan, field).then((read) => graph = read);
      case 8:
        return readOpset(scan, field).then((set) => metadata.set(`opset.${set[0]}`, set[1]));
      case 14:
        return readProperty(scan, field).then((property) => metadata.set(...property));
      case 25:
        return readFunction(scan, field).then((read) => functions.push(read));
    }
  });
  if (graph) describe(graph, metadata);
  return { graph, functions, metadata: Object.fromEntries(metadata) };
}

function describe(graph: Body, metadata: Map<string, string | number>): void {
  const stored = new Set(graph.initializers.map(({ name }) => name));
  if (graph.name) metadata.set("graph", graph.name);
  const add = (kind: string) => ({ name, type }: ValueInfo) =>
    metadata.set(`${kind}.${name}`, type);
  // Before version 4, initializers are inputs too.
  graph.inputs.filter(({ name }) => !stored.has(name)).forEach(add("input"));
  graph.outputs.forEach(add("output"));
}

/** Reads an OperatorSetIdProto: a domain, "ai.onnx" for the default one, and its version. */
export async function readOpset(scan: Scanner, span: Field): Promise<[string, number]> {
  let [domain, version] = ["", 0];
  await scan.walk(span, (field) => {
    if (field.number === 1) domain = scan.text(field);
    if (field.number === 2) version = field.value;
  });
  return [domain || "ai.onnx", version];
}

async function readProperty(scan: Scanner, span: Field): Promise<[string, string]> {
  let [key, value] = ["", ""];
  await scan.walk(span, (field) => {
    if (field.number === 1) key = scan.text(field);
    if (field.number === 2) return startOfText(scan, field).then((text) => value = text);
  });
  return [key, value];
}

/** A text, or as much of it as is shown. */
async function startOfText(scan: Scanner, field: Field): Promise<string> {
  if (field.length <= MAX_TEXT) return scan.text(field);
  const start = await scan.read({ ...field, length: MAX_TEXT }, MAX_TEXT);
  return new TextDecoder().decode(start, { stream: true }) + "…";
}
