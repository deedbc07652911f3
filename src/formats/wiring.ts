import type { Graph, GraphNode } from "./format.ts";

/** Whatever a format calls the result of an operation by. */
export type Value = string | number;

/** An operation as it stands in a file, in any order. */
export interface Operation {
  /** Empty where the file gives none. */
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** Tensors that one folded value can stand for; an operation on more is a node like any other. */
const MAX_CARRIED = 64;

/**
 * The graph of operations: named, in an order in which they can run (the file's, where it is one),
 * edges that lead backwards in a loop left out. `constants` names the tensors behind values. An
 * operation on nothing but constants that `passes` is no node: its results stand for those tensors.
 */
export function wire(
  operations: readonly Operation[],
  constants: ReadonlyMap<Value, string>,
  passes: (op: string) => boolean,
): Graph {
  const carried = new Map<Value, readonly string[]>(
    constants.entries().map(([value, tensor]) => [value, [tensor]]),
  );
  const nameOf = namer(operations);
  const makers = new Map<Value, string>();
  const nodes: GraphNode[] = [];
  for (const operation of sorted(operations)) {
    const { op, inputs, outputs } = operation;
    const tensors = distinct(inputs.flatMap((input) => carried.get(input) ?? []));
    const folds = passes(op) && inputs.length > 0 && tensors.length <= MAX_CARRIED &&
      inputs.every((input) => carried.has(input));
    if (folds) {
      for (const output of outputs) carried.set(output, tensors);
      continue;
    }
    const name = nameOf(operation);
    const makersOf = inputs.flatMap((input) => makers.get(input) ?? []);
    nodes.push({ name, op, inputs: distinct(makersOf), tensors });
    for (const output of outputs) makers.set(output, name);
  }
  return { nodes };
}

const distinct = (names: string[]) => names.length < 2 ? names : [...new Set(names)];

/** Each operation after those whose results it takes; otherwise in the given order. */
function sorted(operations: readonly Operation[]): readonly Operation[] {
  const makers = new Map<Value, Operation>();
  for (const operation of operations) {
    for (const output of operation.outputs) makers.set(output, operation);
  }
  if (areInOrder(operations, makers)) return operations;
  const order = new Set<Operation>();
  const begun = new Set<Operation>();
  for (const first of operations) {
    const path = [{ operation: first, next: 0 }];
    while (path.length > 0) {
      const top = path.at(-1)!;
      begun.add(top.operation);
      const input = top.operation.inputs[top.next++];
      if (input === undefined) {
        order.add(top.operation);
        path.pop();
        continue;
      }
      const maker = makers.get(input);
      if (maker && !begun.has(maker)) path.push({ operation: maker, next: 0 });
    }
  }
  return [...order];
}

/** Whether each operation comes after those whose results it takes, as most files have them. */
function areInOrder(
  operations: readonly Operation[],
  makers: ReadonlyMap<Value, Operation>,
): boolean {
  const done = new Set<Operation>();
  return operations.every((operation) => {
    const inOrder = operation.inputs.every((input) => {
      const maker = makers.get(input);
      return !maker || done.has(maker);
    });
    done.add(operation);
    return inOrder;
  });
}

/** Gives unique names: the file's own to the first that has it, else the operation's and a number. */
function namer(operations: readonly Operation[]): (operation: Operation) => string {
  const given = new Set(operations.map(({ name }) => name));
  const taken = new Set<string>();
  const next = new Map<string, number>();
  return ({ name, op }) => {
    let unique = name;
    const base = name || op;
    while (unique === "" || taken.has(unique)) {
      const n = next.get(base) ?? 0;
      next.set(base, n + 1);
      const candidate = `${base}_${n}`;
      unique = given.has(candidate) ? "" : candidate;
    }
    taken.add(unique);
    return unique;
  };
}
