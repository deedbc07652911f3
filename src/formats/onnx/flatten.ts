import type { Operation } from "../wiring.ts";
import type { Body, Node } from "./graph.ts";
import { isConstant, type Member } from "./members.ts";

/** An operation of whatever graph. */
export interface FlatOperation extends Operation {
  /** Of a product of matrices, whether the second one is transposed first. */
  readonly transposes: boolean;
}

/** Names of values in one graph, and in those around it. */
class Scope {
  readonly #values = new Map<string, number>();
  readonly #outer: Scope | undefined;
  readonly #counter: { last: number };

  constructor(outer?: Scope) {
    this.#outer = outer;
    this.#counter = outer ? outer.#counter : { last: 0 };
  }

  /** Makes a name stand for a value of this graph, a new one if none is given. */
  define(name: string, value = ++this.#counter.last): number {
    this.#values.set(name, value);
    return value;
  }

  /** What a name stands for here; a new value where nothing has made it. */
  resolve(name: string): number {
    return this.find(name) ?? this.define(name);
  }

  find(name: string): number | undefined {
    return this.#values.get(name) ?? this.#outer?.find(name);
  }
}

/**
 * A graph and those inside it as one row of operations on numbered values, and the tensors behind
 * values. A node with graphs inside takes their results; what it takes itself, they take as inputs,
 * one for one, as bodies of loops do.
 */
export function flatten(
  graph: Body,
  members: ReadonlyMap<Body, readonly Member[]>,
): { operations: readonly FlatOperation[]; constants: ReadonlyMap<number, string> } {
  const operations: FlatOperation[] = [];
  const constants = new Map<number, string>();

  const enter = (body: Body, scope: Scope): void => {
    for (const { value, name, stored } of members.get(body) ?? []) {
      const number = scope.define(value);
      if (typeof stored !== "string") constants.set(number, name);
    }
    const nodes = body.nodes.filter((node) => !isConstant(node));
    for (const { outputs } of nodes) outputs.forEach((output) => output && scope.define(output));
    for (const node of nodes) {
      const inputs = node.inputs.filter((name) => name !== "").map((name) => scope.resolve(name));
      const results = node.bodies.flatMap((inner) => {
        const inside = new Scope(scope);
        const given = node.inputs.map((name) => scope.resolve(name));
        inner.inputs.forEach(({ name }, i) => inside.define(name, given[i]));
        enter(inner, inside);
        return inner.outputs.map(({ name }) => inside.resolve(name));
      });
      operations.push({
        name: node.name,
        op: node.op,
        transposes: node.transposes,
        inputs: [...inputs, ...results],
        outputs: signalsOf(node).filter((name) => name !== "").map((name) => scope.resolve(name)),
      });
    }
  };
  enter(graph, new Scope());
  return { operations, constants };
}

/** A node's results, less those that only tell how to read another: a scale and a zero point. */
const signalsOf = ({ op, outputs }: Node): readonly string[] =>
  op === "DynamicQuantizeLinear" ? outputs.slice(0, 1) : outputs;
