import type { Ignored, TensorInfo } from "../format.ts";
import { show } from "../malformed.ts";
import type { Field, Scan, Span } from "../protobuf.ts";
import type { Node } from "./nodes.ts";
import { place, readTensor, type Stored } from "./tensor.ts";

/** What a GraphDef holds. */
export interface GraphDef {
  /** Values of Const nodes, called as these; in a function, "function/node". */
  readonly tensors: readonly TensorInfo[];
  readonly ignored: readonly Ignored[];
  /** All its own nodes, those of functions aside. */
  readonly nodes: readonly VariableNode[];
}

/** A node; one that stands for a variable may give its name in checkpoints. */
export interface VariableNode extends Node {
  readonly sharedName?: string;
}

/**
 * Reads a GraphDef, the whole of a frozen file or part of a SavedModel: no values of tensors.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
 */
export async function readGraphDef(scan: Scan, span: Span): Promise<GraphDef> {
  const reader = new Reader(scan);
  const nodes: VariableNode[] = [];
  await scan.walk(span, (field) => {
    if (field.number === 1) return reader.node(field, "").then((node) => nodes.push(node));
    if (field.number === 2) return reader.library(field);
  });
  return { nodes, tensors: reader.tensors, ignored: reader.ignored };
}

/** What an AttrValue holds that is of use. */
interface Attribute {
  key: string;
  tensor?: Stored;
  text?: string;
}

class Reader {
  readonly tensors: TensorInfo[] = [];
  readonly ignored: Ignored[] = [];
  readonly #scan: Scan;
  readonly #names = new Set<string>();

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  /** Reads a NodeDef. The value of a Const becomes a tensor, with `path` before its name. */
  async node(span: Field, path: string): Promise<VariableNode> {
    const scan = this.#scan;
    const node = { name: "", op: "", inputs: [] as string[] };
    let value: Stored | undefined;
    let sharedName: string | undefined;
    await scan.walk(span, (field) => {
      switch (field.number) {
        case 1:
          node.name = scan.text(field);
          return;
        case 2:
          node.op = scan.text(field);
          return;
        case 3:
          node.inputs.push(scan.text(field));
          return;
        case 5:
          return this.#attribute(field).then(({ key, tensor, text }) => {
            if (key === "value") value = tensor;
            if (key === "shared_name") sharedName = text;
          });
      }
    });
    if (node.op === "Const" && value) await this.#add(value, path + node.name, span);
    return { ...node, ...(sharedName ? { sharedName } : {}) };
  }

  /** Reads a FunctionDefLibrary for the constants of its functions. */
  async library(span: Field): Promise<void> {
    await this.#scan.walk(span, (field) => {
      if (field.number === 1) return this.#function(field);
    });
  }

  async #function(span: Field): Promise<void> {
    const scan = this.#scan;
    let path = "";
    await scan.walk(span, (field) => {
      if (field.number === 3) return this.node(field, path).then(() => {});
      if (field.number !== 1) return;
      return scan.walk(field, (field) => {
        if (field.number === 1) path = `${scan.text(field)}/`;
      });
    });
  }

  /** Reads an entry of a map of AttrValue. */
  async #attribute(span: Field): Promise<Attribute> {
    const scan = this.#scan;
    const attribute: Attribute = { key: "" };
    await scan.walk(span, (field) => {
      if (field.number === 1) attribute.key = scan.text(field);
      if (field.number !== 2) return;
      return scan.walk(field, (field) => {
        if (field.number === 2 && attribute.key === "shared_name") {
          attribute.text = scan.text(field);
        }
        if (field.number !== 8) return;
        return readTensor(scan, field).then((tensor) => attribute.tensor = tensor);
      });
    });
    return attribute;
  }

  async #add(value: Stored, name: string, span: Span): Promise<void> {
    if (this.#names.has(name)) {
      throw this.#scan.malformed(span, `node ${show(name)}`, "given twice", "once");
    }
    this.#names.add(name);
    const found = await place(this.#scan, value, name);
    if ("reason" in found) this.ignored.push(found);
    else this.tensors.push(found);
  }
}
