import type { Ignored, TensorInfo } from "../format.ts";
import { show } from "../malformed.ts";
import type { Field, Scanner, Span } from "../protobuf.ts";
import type { Node } from "./nodes.ts";
import { place, readTensor, type Stored } from "./tensor.ts";

/** What a GraphDef holds. */
export interface GraphDef {
  /** Values of Const nodes, called as these; in a function, "function/node". */
  readonly tensors: readonly TensorInfo[];
  readonly ignored: readonly Ignored[];
  /** All its own nodes, those of functions aside. */
  readonly nodes: readonly GraphDefNode[];
  /** By name. */
  readonly functions: ReadonlyMap<string, FunctionBody>;
}

export interface GraphDefNode extends Node {
  /** Of one that stands for a variable, its name in checkpoints. */
  readonly sharedName?: string;
  /** The function that it calls. */
  readonly calls?: string;
}

/** What a function's name stands for. */
export interface FunctionBody {
  /** Names that its nodes know its arguments by, in order. */
  readonly parameters: readonly string[];
  readonly nodes: readonly GraphDefNode[];
  /** Its results, in order, each as a node's input would name it. */
  readonly results: readonly string[];
}

/**
 * Reads a GraphDef, the whole of a frozen file or part of a SavedModel: no values of tensors.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
 */
export async function readGraphDef(scan: Scanner, span: Span): Promise<GraphDef> {
  const reader = new Reader(scan);
  const nodes: GraphDefNode[] = [];
  await scan.walk(span, (field) => {
    if (field.number === 1) return reader.node(field, "").then((node) => nodes.push(node));
    if (field.number === 2) return reader.library(field);
  });
  const { tensors, ignored, functions } = reader;
  return { nodes, tensors, ignored, functions };
}

/** What an AttrValue holds that is of use. */
interface Attribute {
  key: string;
  tensor?: Stored;
  text?: string;
  flag?: boolean;
}

class Reader {
  readonly tensors: TensorInfo[] = [];
  readonly ignored: Ignored[] = [];
  readonly functions = new Map<string, FunctionBody>();
  readonly #scan: Scanner;
  readonly #names = new Set<string>();

  constructor(scan: Scanner) {
    this.#scan = scan;
  }

  /** Reads a NodeDef. The value of a Const becomes a tensor, with `path` before its name. */
  async node(span: Field, path: string): Promise<GraphDefNode> {
    const scan = this.#scan;
    const node = { name: "", op: "", inputs: [] as string[] };
    let value: Stored | undefined;
    const more: { sharedName?: string; calls?: string; transposes?: boolean } = {};
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
          return this.#attribute(field).then(({ key, tensor, text, flag }) => {
            if (key === "value") value = tensor;
            if (flag && (key === "transpose_b" || key === "adj_y")) more.transposes = true;
            if (text && key === "shared_name") more.sharedName = text;
            if (text && key === "f") more.calls = text;
          });
      }
    });
    if (node.op === "Const" && value) await this.#add(value, path + node.name, span);
    return { ...node, ...more };
  }

  /** Reads a FunctionDefLibrary. */
  async library(span: Field): Promise<void> {
    await this.#scan.walk(span, (field) => {
      if (field.number === 1) return this.#function(field);
    });
  }

  async #function(span: Field): Promise<void> {
    const scan = this.#scan;
    let name = "";
    const parameters: string[] = [];
    const outputs: string[] = [];
    const nodes: GraphDefNode[] = [];
    const returns = new Map<string, string>();
    await scan.walk(span, (field) => {
      if (field.number === 1) {
        return scan.walk(field, (field) => {
          if (field.number === 1) name = scan.text(field);
          if (field.number === 2) return this.#named(field, parameters);
          if (field.number === 3) return this.#named(field, outputs);
        });
      }
      if (field.number === 3) {
        return this.node(field, `${name}/`).then((node) => nodes.push(node));
      }
      if (field.number === 4) return this.#pair(field, returns);
    });
    const results = outputs.map((output) => returns.get(output) ?? "");
    this.functions.set(name, { parameters, nodes, results });
  }

  /** Adds an entry of a map of texts. */
  async #pair(span: Span, into: Map<string, string>): Promise<void> {
    const pair = ["", ""];
    await this.#scan.walk(span, (field) => {
      if (field.number < 3) pair[field.number - 1] = this.#scan.text(field);
    });
    into.set(pair[0]!, pair[1]!);
  }

  /** Adds the name of an argument's definition. */
  async #named(span: Field, names: string[]): Promise<void> {
    await this.#scan.walk(span, (field) => {
      if (field.number === 1) names.push(this.#scan.text(field));
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
        if (field.number === 5) attribute.flag = field.value === 1;
        if (field.number === 2 && attribute.key === "shared_name") {
          attribute.text = scan.text(field);
        }
        if (field.number === 10 && attribute.key === "f") {
          return scan.walk(field, (field) => {
            if (field.number === 1) attribute.text = scan.text(field);
          });
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
