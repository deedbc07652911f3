import type { Field, Scanner } from "../protobuf.ts";
import { Constant } from "./constant.ts";
import { readTensor, type Stored } from "./tensor.ts";
import { readValueInfo, type ValueInfo } from "./value.ts";

/** A GraphProto or FunctionProto as it stands in the file. */
export interface Body {
  name: string;
  /** Of a function. */
  domain: string;
  readonly nodes: Node[];
  readonly initializers: Stored[];
  /** Names of sparse ones. */
  readonly sparse: string[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
}

/** A NodeProto. */
export interface Node {
  name: string;
  op: string;
  readonly inputs: string[];
  readonly outputs: string[];
  /** Of a product of matrices, whether the second one is transposed first. */
  transposes: boolean;
  /** What its attributes hold, of a Constant, or what may be one. */
  constant: Constant | undefined;
  /** Graphs in its attributes: branches, bodies of loops. */
  readonly bodies: Body[];
}

const emptyBody = (): Body => ({
  name: "",
  domain: "",
  nodes: [],
  initializers: [],
  sparse: [],
  inputs: [],
  outputs: [],
});

/** Reads a GraphProto. */
export async function readGraph(scan: Scanner, span: Field): Promise<Body> {
  const graph = emptyBody();
  await scan.walk(span, (field) => {
    switch (field.number) {
      case 1:
        return readNode(scan, field).then((node) => graph.nodes.push(node));
      case 2:
        graph.name = scan.text(field);
        return;
      case 5:
        return readTensor(scan, field).then((tensor) => graph.initializers.push(tensor));
      case 11:
        return readValueInfo(scan, field).then((info) => graph.inputs.push(info));
      case 12:
        return readValueInfo(scan, field).then((info) => graph.outputs.push(info));
      case 15:
        return readSparseName(scan, field).then((name) => graph.sparse.push(name));
    }
  });
  return graph;
}

/** Reads a FunctionProto. */
export async function readFunction(scan: Scanner, span: Field): Promise<Body> {
  const body = emptyBody();
  await scan.walk(span, (field) => {
    switch (field.number) {
      case 1:
        body.name = scan.text(field);
        return;
      case 7:
        return readNode(scan, field).then((node) => body.nodes.push(node));
      case 10:
        body.domain = scan.text(field);
    }
  });
  return body;
}

async function readNode(scan: Scanner, span: Field): Promise<Node> {
  const node: Node = {
    name: "",
    op: "",
    inputs: [],
    outputs: [],
    transposes: false,
    constant: undefined,
    bodies: [],
  };
  const walking = scan.walk(span, (field) => {
    switch (field.number) {
      case 1:
        node.inputs.push(scan.text(field));
        return;
      case 2:
        node.outputs.push(scan.text(field));
        return;
      case 3:
        node.name = scan.text(field);
        return;
      case 4:
        node.op = scan.text(field);
        return;
      case 5:
        return addAttribute(scan, field, node);
    }
  });
  if (walking) await walking;
  // Lists that have grown keep room for more.
  return { ...node, inputs: [...node.inputs], outputs: [...node.outputs] };
}

/**
 * Of an AttributeProto only graphs count, what may be the value of a Constant, and whether a product
 * transposes.
 */
function addAttribute(scan: Scanner, span: Field, node: Node): Promise<void> | void {
  // An attribute that comes before the name of its operation may be a constant's.
  const wanted = node.op === "Constant" || node.op === "";
  let name = "";
  return scan.walk(span, (field) => {
    if (field.number === 1) name = scan.text(field);
    if (field.number === 3 && name === "transB") node.transposes = field.value !== 0;
    if (field.number === 6 || field.number === 11) {
      return readGraph(scan, field).then((body) => node.bodies.push(body));
    }
    if (wanted) return (node.constant ??= new Constant(scan)).add(field);
  });
}

/** The name of a SparseTensorProto: that of its values. */
async function readSparseName(scan: Scanner, span: Field): Promise<string> {
  let name = "";
  await scan.walk(span, (field) => {
    if (field.number !== 1) return;
    return readTensor(scan, field).then((values) => name = values.name);
  });
  return name;
}
