import type { FunctionBody, GraphDefNode } from "./graph_def.ts";
import type { Node } from "./nodes.ts";

/** Calls within calls, and nodes once all are written out; a call beyond stays a node. */
const MAX_DEPTH = 32;
const MAX_NODES = 100_000;

/** A node of the graph or of a call of a function; its inputs are paths. */
export interface Placed extends Node {
  /** Unique: a number for the graph or the call, and the node's name. */
  readonly path: string;
  /** What a constant there is called in the listing: its name, or "function/name". */
  readonly listed: string;
  readonly sharedName?: string;
}

/** Nodes with the functions that they call written out in place of the calls. */
export class Inlined {
  readonly nodes: Placed[] = [];
  readonly #functions: ReadonlyMap<string, FunctionBody>;
  /** What stands for a parameter, a call's result, or the result of an `Identity`, by path. */
  readonly #aliases = new Map<string, string>();
  readonly #calls = new Set<string>();
  #scopes = 0;
  #written = 0;

  constructor(nodes: readonly GraphDefNode[], functions: ReadonlyMap<string, FunctionBody>) {
    this.#functions = functions;
    this.#write(nodes, "", "", 0);
  }

  /** The path of the node behind an input. */
  resolve(input: string): string {
    const passed = new Set<string>();
    let at = this.#result(input);
    // Only identities that take each other's results come back to where they were.
    for (let next = this.#aliases.get(at); next !== undefined && !passed.has(at);) {
      passed.add(at);
      at = this.#result(next);
      next = this.#aliases.get(at);
    }
    for (const one of passed) this.#aliases.set(one, at);
    return at;
  }

  #write(nodes: readonly GraphDefNode[], scope: string, owner: string, depth: number): void {
    this.#written += nodes.length + 1;
    for (const { calls, ...node } of nodes) {
      const path = scope + node.name;
      const inputs = node.inputs.filter((input) => !input.startsWith("^"))
        .map((input) => scope + input);
      const body = this.#functions.get(calls ?? "");
      if (body && depth < MAX_DEPTH && this.#written + body.nodes.length < MAX_NODES) {
        this.#call(path, inputs, body, `${calls}/`, depth + 1);
      } else if (node.op === "Identity" && inputs.length === 1) {
        this.#aliases.set(path, inputs[0]!);
      } else {
        this.nodes.push({ ...node, inputs, path, listed: owner + node.name });
      }
    }
  }

  #call(
    path: string,
    inputs: readonly string[],
    { parameters, nodes, results }: FunctionBody,
    owner: string,
    depth: number,
  ): void {
    const scope = `${++this.#scopes}/`;
    this.#calls.add(path);
    for (const [i, name] of parameters.entries()) {
      if (inputs[i] !== undefined) this.#aliases.set(scope + name, inputs[i]);
    }
    for (const [i, result] of results.entries()) this.#aliases.set(`${path}:${i}`, scope + result);
    this.#write(nodes, scope, owner, depth);
  }

  /** A node's path for any of its results; those of a call are told apart. */
  #result(input: string): string {
    const [node, ...rest] = input.split(":");
    return this.#calls.has(node!) ? `${node}:${rest.at(-1) ?? 0}` : node!;
  }
}
