/** Where streams of a network come together again. */
export interface Join {
  /** The operation's name in the graph. */
  readonly name: string;
  /**
   * residual: a sum of what went around some layers, or through fewer of them, and what went
   * through; sum: of equals; concat: side by side; gate: a product; merge: another operation.
   */
  readonly kind: "residual" | "sum" | "concat" | "gate" | "merge";
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
  readonly ops: readonly string[];
  /** Numbers of the operations before whose results each takes. */
  readonly inputs: readonly (readonly number[])[];
  /** Numbers of the layers that each computes with; none for a weightless operation. */
  readonly layers: readonly (readonly number[])[];
}

/** More streams than this come together without their split being looked for: marks are bits. */
const MAX_STREAMS = 30;
/** Steps of search for each operation; networks nest their branches a few times. */
const SEARCH = 64;

const merging: readonly (readonly [RegExp, Join["kind"]])[] = [
  [/^(add|addv2|addn|sum|plus|elementwiseadd|skiplayernormalization)$/, "sum"],
  [/^(concat|concatv2|concatenate|concatenation)$/, "concat"],
  [/^(mul|multiply|product)$/, "gate"],
  [/^(average|maximum|minimum|max|min|mean|subtract|dot)$/, "merge"],
];

/** What an operation does to several streams; undefined where it does not join them. */
export const mergeOf = (op: string): Join["kind"] | undefined =>
  merging.find(([pattern]) => pattern.test(op.toLowerCase()))?.[1];

/** Whether an operation's result says nothing of its input but its size. */
export const isMeasure = (op: string): boolean => /^(shape|shapen|size|rank)$/i.test(op);

/**
 * The joins of a network in order. The split behind each is the nearest common ancestor of its
 * streams, searched backwards in the order of the operations, which ends as soon as it is met.
 */
export function findJoins(wiring: Wiring, layerNames: readonly string[]): Join[] {
  const { names, ops, inputs, layers } = wiring;
  const count = names.length;
  const search = new Search(wiring);
  const joins: (Omit<Join, "to"> & { readonly to: string[] })[] = [];
  /** Of each operation, the layer or join that its result came from: an operation, or -1. */
  const origin = new Int32Array(count).fill(-1);
  const joinAt = new Map<number, number>();
  const nameOf = (at: number) => joinAt.has(at) ? names[at]! : layerNames[layers[at]!.at(-1)!]!;
  for (let i = 0; i < count; i++) {
    const origins = new Set(inputs[i]!.map((input) => origin[input]!).filter((at) => at >= 0));
    const kind = layers[i]!.length === 0 ? mergeOf(ops[i]!) : undefined;
    const streams = kind ? [...new Set(inputs[i])] : [];
    const found = streams.length > 1 ? search.split(i, streams) : undefined;
    const met = kind && found ? judge(kind, found, origins.size) : undefined;
    if (met || layers[i]!.length > 0) {
      const takers = met ? [names[i]!] : layers[i]!.map((layer) => layerNames[layer]!);
      for (const at of origins) {
        const join = joinAt.get(at);
        if (join !== undefined) joins[join]!.to.push(...takers);
      }
      origin[i] = i;
    } else origin[i] = [...origins].at(-1) ?? -1;
    if (isMeasure(ops[i]!)) origin[i] = -1;
    if (!met || !found) continue;
    const from = found.at < 0
      ? [...origins].map(nameOf)
      : origin[found.at]! < 0
      ? []
      : [nameOf(origin[found.at]!)];
    joinAt.set(i, joins.length);
    const branches = found.branches.map((branch) => branch.map((layer) => layerNames[layer]!));
    joins.push({ name: names[i]!, kind: met, from, branches, to: [] });
  }
  return joins.map((join) => ({ ...join, to: [...new Set(join.to)] }));
}

interface Split {
  /** The operation whose result was split; -1 where there is none. */
  readonly at: number;
  /** Layers of each stream since then. */
  readonly branches: readonly (readonly number[])[];
}

/** What kind of join it is; undefined for one of weightless streams, such as x · sigmoid(x). */
function judge(
  kind: Join["kind"],
  { at, branches }: Split,
  origins: number,
): Join["kind"] | undefined {
  if (at < 0) return origins > 1 && kind !== "gate" ? kind : undefined;
  const lengths = branches.map(({ length }) => length);
  if (lengths.every((length) => length === 0)) return undefined;
  return kind === "sum" && lengths.some((length) => length !== lengths[0]) ? "residual" : kind;
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

  split(join: number, streams: readonly number[]): Split {
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
      for (const layer of layers[i]!) {
        for (const [bit, branch] of branches.entries()) if (mark & 1 << bit) branch.push(layer);
      }
      if (isMeasure(ops[i]!)) continue;
      for (const input of inputs[i]!) {
        if (marks[input] === 0) {
          pending++;
          touched.push(input);
        }
        marks[input]! |= mark;
      }
    }
    for (const i of touched) marks[i] = 0;
    if (at < 0) return { at, branches: branches.map(() => []) };
    return { at, branches: branches.map((branch) => [...new Set(branch.reverse())]) };
  }
}
