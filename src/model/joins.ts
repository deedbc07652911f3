import type { Merge, Op } from "./ops.ts";

/** Where streams of a network come together again. */
export interface Join {
  /** The operation's name in the graph. */
  readonly name: string;
  /**
   * residual: a sum of what went through some layers, and what went around them or through fewer;
   * sum: of equals; concat: side by side; gate: a product; merge: another operation.
   */
  readonly kind: Merge | "residual";
  /** Layers, or earlier joins, whose result was split; empty where it is the network's own input. */
  readonly from: readonly string[];
  /** For each input in order, the layers that it came through; none for a skip connection. */
  readonly branches: readonly (readonly string[])[];
  /** Layers, or later joins, that take the result. */
  readonly to: readonly string[];
}

/** A network's operations in an order in which they can run, by number. */
export interface Wiring {
  readonly names: readonly string[];
  readonly ops: readonly Op[];
  /** Numbers of the operations before whose results each takes. */
  readonly inputs: readonly (readonly number[])[];
  /** Numbers of the layers that each computes with; none for a weightless operation. */
  readonly layers: readonly (readonly number[])[];
  /** For each layer, whether it is all vectors: it only scales and shifts. */
  readonly scales: readonly boolean[];
}

/** More streams than this come together without their split being looked for: marks are bits. */
const MAX_STREAMS = 30;
/** Steps of search for each operation; networks nest their branches a few times. */
const SEARCH = 64;
const NONE: readonly number[] = [];

/**
 * The joins of a network in order. The split behind each is the nearest common ancestor of its
 * streams, searched backwards in the order of the operations, which ends as soon as it is met.
 */
export function findJoins(wiring: Wiring, layerNames: readonly string[]): Join[] {
  const { names, ops, inputs, layers, scales } = wiring;
  const search = new Search(wiring);
  const joins: (Join & { readonly to: string[] })[] = [];
  /** Of each operation, that which its result came from, a layer's or a join; -1 for none. */
  const origin = new Int32Array(names.length).fill(-1);
  /** Numbers of the joins, by operation. */
  const joinAt = new Map<number, number>();
  const nameOf = (at: number) => joinAt.has(at) ? names[at]! : layerNames[layers[at]!.at(-1)!]!;
  const tell = (origins: readonly number[], taker: string) => {
    for (const at of origins) {
      const to = joins[joinAt.get(at) ?? -1]?.to;
      if (to && to.at(-1) !== taker) to.push(taker);
    }
  };
  for (let i = 0; i < names.length; i++) {
    const origins = originsOf(inputs[i]!, origin);
    const own = layers[i]!;
    for (const layer of own) tell(origins, layerNames[layer]!);
    const found = own.length === 0 && ops[i]!.merges ? search.split(i, inputs[i]!) : null;
    const kind = found && kindOf(ops[i]!.merges!, found, origins.length, scales);
    if (found && kind) {
      tell(origins, names[i]!);
      const split = found.at < 0 ? origins : [origin[found.at]!].filter((at) => at >= 0);
      const branches = found.branches.map((branch) => branch.map((layer) => layerNames[layer]!));
      joinAt.set(i, joins.length);
      joins.push({ name: names[i]!, kind, from: split.map(nameOf), branches, to: [] });
    }
    if (ops[i]!.measures) continue;
    origin[i] = own.length > 0 || kind ? i : origins.at(-1) ?? -1;
  }
  return joins;
}

function originsOf(inputs: readonly number[], origin: Int32Array): readonly number[] {
  if (inputs.length === 0) return NONE;
  if (inputs.length === 1) return origin[inputs[0]!]! < 0 ? NONE : [origin[inputs[0]!]!];
  return [...new Set(inputs.map((input) => origin[input]!).filter((at) => at >= 0))];
}

interface Split {
  /** The operation whose result was split; -1 where there is none. */
  readonly at: number;
  /** Layers of each stream since then. */
  readonly branches: readonly (readonly number[])[];
}

/**
 * What kind of join it is; null for one of weightless streams, such as x · sigmoid(x), and of those
 * that are only scaled, which is how a norm is written out.
 */
function kindOf(
  merge: Merge,
  { at, branches }: Split,
  origins: number,
  scales: readonly boolean[],
): Join["kind"] | null {
  if (at < 0) return origins > 1 && merge !== "gate" ? merge : null;
  const [first = NONE, ...others] = branches;
  if (branches.every((branch) => branch.every((layer) => scales[layer]))) return null;
  return merge === "sum" && others.some(({ length }) => length !== first.length)
    ? "residual"
    : merge;
}

class Search {
  readonly #wiring: Wiring;
  /** The streams, as bits, that each operation is an ancestor of. */
  readonly #marks: Int32Array;
  #steps: number;

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
    this.#marks = new Int32Array(wiring.names.length);
    this.#steps = SEARCH * wiring.names.length;
  }

  /** Null where there is but one stream. */
  split(join: number, given: readonly number[]): Split | null {
    if (given.length < 2) return null;
    const streams = [...new Set(given)];
    if (streams.length < 2) return null;
    const { inputs, layers, ops } = this.#wiring;
    const marks = this.#marks;
    const branches = streams.map((): number[] => []);
    if (streams.length > MAX_STREAMS) return { at: -1, branches };
    const all = 2 ** streams.length - 1;
    const touched = [...streams];
    for (const [bit, stream] of streams.entries()) marks[stream] = 1 << bit;
    let pending = streams.length, at = -1;
    for (let i = join - 1; i >= 0 && pending > 0 && this.#steps > 0; i--, this.#steps--) {
      const mark = marks[i]!;
      if (mark === 0) continue;
      pending--;
      if (mark === all) {
        at = i;
        break;
      }
      for (const layer of layers[i]!.toReversed()) {
        for (const [bit, branch] of branches.entries()) if (mark & 1 << bit) branch.push(layer);
      }
      if (ops[i]!.measures) continue;
      for (const input of inputs[i]!) {
        if (marks[input] === 0) {
          pending++;
          touched.push(input);
        }
        marks[input]! |= mark;
      }
    }
    for (const i of touched) marks[i] = 0;
    // Those of a bias, added in an operation of its own, are named twice.
    return { at, branches: branches.map((branch) => at < 0 ? [] : [...new Set(branch.reverse())]) };
  }
}
