import type { Graph, GraphNode, TensorInfo } from "../formats/format.ts";
import { findJoins, isMeasure, type Join } from "./joins.ts";
import { kindOfOp } from "./kinds.ts";
import { elements, type Group, namesLayer } from "./layers.ts";

/** A layer as a graph has it. */
export interface FlowLayer extends Group {
  /** Of its operation; undefined where that may make any kind. */
  readonly kind: string | undefined;
  /** Names of the layers whose results reach it without passing another one. */
  readonly inputs: readonly string[];
}

/** What a graph says of a model's tensors. */
export interface Flow {
  /** In the order in which they compute. */
  readonly layers: readonly FlowLayer[];
  readonly joins: readonly Join[];
  /** Tensors that are no layers of it: shapes, single numbers, what nothing uses. */
  readonly rest: readonly TensorInfo[];
}

/** Operations whose result is their tensor, moved or spelt in another way. */
const carrier =
  /^(identity|const(ant)?|cast|transpose|reshape|unsqueeze|squeeze|expand|dequantize.*|quantize.*|readvariableop)$/i;
const addition = /^(add|addv2|biasadd)$/i;
/** Operations whose tensors, if large, are sizes all the same. */
const sizing = /^(resize|upsample)$/i;
const counts: ReadonlySet<string> = new Set(["I64", "I32", "U64", "U32", "BOOL"]);
/** The share of the elements that a graph must use to be taken for the model's. */
const COVERED = 0.5;
/** Sources remembered in all; beyond, only the nearest few of each operation. */
const MAX_SOURCES = 1 << 21, NEAREST = 8;

/**
 * Follows a graph: each operation with weights is a layer, an addition of a bias belongs to the
 * product before it, and weightless operations only connect. `groups` are the tensors grouped by
 * name, `aliases` names of tied ones. Null for a graph that uses less than half of the elements.
 */
export function followGraph(
  { nodes }: Graph,
  groups: readonly Group[],
  aliases: ReadonlyMap<string, string>,
): Flow | null {
  const inputs = wire(nodes);
  const layers = new Assignment(nodes, inputs, groups, aliases);
  const all = groups.flatMap(({ tensors }) => tensors);
  const rest = all.filter((tensor) => !layers.has(tensor));
  if (countOf(rest) > (1 - COVERED) * countOf(all)) return null;
  const names = layers.list.map(({ name }) => name);
  const wiring = {
    names: nodes.map(({ name }) => name),
    ops: nodes.map(({ op }) => op),
    inputs,
    layers: layers.used,
  };
  const sources = trace(nodes, inputs, layers.used, names.length);
  return {
    layers: layers.list.map(({ name, tensors, kind }, i) => ({
      name,
      tensors,
      kind,
      inputs: [...sources[i]!].sort((a, b) => a - b).map((source) => names[source]!),
    })),
    joins: findJoins(wiring, names),
    rest,
  };
}

const countOf = (tensors: readonly TensorInfo[]) =>
  tensors.reduce((sum, { shape }) => sum + elements(shape), 0);

/** Numbers of the earlier nodes that each takes; what is not there, or not yet, is left out. */
function wire(nodes: readonly GraphNode[]): number[][] {
  const numbers = new Map<string, number>();
  return nodes.map(({ name, inputs }, i) => {
    const known = inputs.map((input) => numbers.get(input)).filter((at) => at !== undefined);
    if (!numbers.has(name)) numbers.set(name, i);
    return known;
  });
}

interface Draft {
  name: string;
  /** Whether the name is the tensors' own, or only the operation's. */
  named: boolean;
  kind: string | undefined;
  readonly tensors: TensorInfo[];
}

/** Which operations compute with which layers. */
class Assignment {
  readonly list: Draft[] = [];
  /** For each node, numbers of its layers. */
  readonly used: number[][];
  readonly #nodes: readonly GraphNode[];
  readonly #inputs: readonly (readonly number[])[];
  readonly #groups = new Map<string, Group>();
  readonly #tensors = new Map<string, TensorInfo>();
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #layerOf = new Map<TensorInfo, number>();
  /** Names of tensors that nodes only pass on to those that take their results. */
  readonly #carried: (readonly string[])[];
  readonly #takers: Uint32Array;
  readonly #names: Set<string>;

  constructor(
    nodes: readonly GraphNode[],
    inputs: readonly (readonly number[])[],
    groups: readonly Group[],
    aliases: ReadonlyMap<string, string>,
  ) {
    this.#nodes = nodes;
    this.#inputs = inputs;
    this.#aliases = aliases;
    this.#names = new Set(groups.map(({ name }) => name));
    for (const group of groups) {
      for (const tensor of group.tensors) {
        this.#groups.set(tensor.name, group);
        this.#tensors.set(tensor.name, tensor);
      }
    }
    this.#takers = new Uint32Array(nodes.length);
    for (const input of inputs.flat()) this.#takers[input]!++;
    this.#carried = nodes.map(() => []);
    this.used = nodes.map((_, i) => this.#assign(i));
  }

  has(tensor: TensorInfo): boolean {
    return this.#layerOf.has(tensor);
  }

  #assign(at: number): number[] {
    const { op, tensors } = this.#nodes[at]!;
    const inputs = this.#inputs[at]!;
    const names = [...tensors, ...inputs.flatMap((input) => this.#carried[input]!)];
    if (names.length === 0) return [];
    if (carrier.test(op) && inputs.every((input) => this.#carried[input]!.length > 0)) {
      this.#carried[at] = names.slice(0, 16);
      return [];
    }
    const weights = [...new Set(names.map((name) => this.#aliases.get(name) ?? name))]
      .flatMap((name) => this.#tensors.get(name) ?? [])
      .filter((tensor) => isWeight(tensor, op));
    if (weights.length === 0) return [];
    const before = this.#product(at, weights);
    const numbers = new Set<number>();
    let unnamed = before ?? -1;
    for (const tensor of weights.toSorted((a, b) => +namesLayer(b.name) - +namesLayer(a.name))) {
      const known = this.#layerOf.get(tensor);
      if (known !== undefined) {
        unnamed = known;
      } else if (namesLayer(tensor.name)) {
        unnamed = this.#take(this.#groups.get(tensor.name)!, op, before);
      } else {
        if (unnamed < 0) unnamed = this.#add(this.#nameFrom(at, tensor), false, op);
        this.#put(unnamed, tensor);
      }
      numbers.add(unnamed);
    }
    return [...numbers];
  }

  /** The layer whose product an addition of vectors completes. */
  #product(at: number, weights: readonly TensorInfo[]): number | undefined {
    const { op } = this.#nodes[at]!;
    const sources = this.#inputs[at]!.filter((input) => this.#carried[input]!.length === 0);
    const [source] = sources;
    if (!addition.test(op) || source === undefined || sources.length > 1) return undefined;
    const [layer, ...others] = this.used[source] ?? [];
    if (layer === undefined || others.length > 0 || this.#takers[source] !== 1) return undefined;
    const { kind } = this.list[layer]!;
    const isProduct = kind === "linear" || kind === "convolution" || kind === "norm";
    return isProduct && weights.every(isVector) ? layer : undefined;
  }

  /** A whole group that its names make: one layer, or the rest of the one `before`. */
  #take(group: Group, op: string, before: number | undefined): number {
    const draft = before === undefined ? undefined : this.list[before];
    let number = before;
    if (number === undefined || !draft || draft.named) number = this.#add(group.name, true, op);
    else Object.assign(draft, { name: group.name, named: true });
    for (const tensor of group.tensors) this.#put(number, tensor);
    return number;
  }

  #add(name: string, named: boolean, op: string): number {
    return this.list.push({ name, named, kind: kindOfOp(op), tensors: [] }) - 1;
  }

  #put(number: number, tensor: TensorInfo): void {
    if (this.#layerOf.has(tensor)) return;
    this.#layerOf.set(tensor, number);
    this.list[number]!.tensors.push(tensor);
  }

  /**
   * A name for tensors whose own say nothing: their operation's, less its last part where it is a
   * path as PyTorch writes it: "/layer1/conv/Conv".
   */
  #nameFrom(at: number, tensor: TensorInfo): string {
    const { name } = this.#nodes[at]!;
    const path = name.startsWith("/") ? name.slice(1).split("/") : [];
    const tries = [path.slice(0, -1).join("."), path.join("."), name, tensor.name];
    let free = tries.find((name) => name !== "" && !this.#names.has(name));
    for (let n = 2; free === undefined; n++) {
      const numbered = `${tensor.name}#${n}`;
      if (!this.#names.has(numbered)) free = numbered;
    }
    this.#names.add(free);
    return free;
  }
}

/** Whether an operation computes with a tensor, and not only with a size or a constant in it. */
function isWeight({ shape, dtype }: TensorInfo, op: string): boolean {
  return elements(shape) > 1 && !counts.has(dtype) && !sizing.test(op);
}

const isVector = ({ shape }: TensorInfo) => elements(shape) === Math.max(...shape);

/** For each layer, those whose results reach it through weightless operations. */
function trace(
  nodes: readonly GraphNode[],
  inputs: readonly (readonly number[])[],
  used: readonly (readonly number[])[],
  count: number,
): Set<number>[] {
  const found = Array.from({ length: count }, () => new Set<number>());
  const reaching: (readonly number[])[] = [];
  let room = MAX_SOURCES;
  for (const [i, { op }] of nodes.entries()) {
    const layers = used[i]!;
    const before = union(
      inputs[i]!.map((input) => reaching[input]!),
      room > 0 ? Infinity : NEAREST,
    );
    for (const layer of layers) {
      for (const source of before) if (source !== layer) found[layer]!.add(source);
    }
    const after = layers.length > 0 ? layers : isMeasure(op) ? [] : before;
    reaching.push(after);
    // One that is shared with the operation before takes no room.
    if (!inputs[i]!.some((input) => reaching[input] === after)) room -= after.length;
  }
  return found;
}

/** The lists as one without doubles: the same object where only one has any. */
function union(lists: readonly (readonly number[])[], limit: number): readonly number[] {
  const filled = new Set(lists.filter(({ length }) => length > 0));
  if (filled.size < 2) return [...filled][0] ?? [];
  const all = [...new Set([...filled].flat())];
  return all.length <= limit ? all : all.sort((a, b) => a - b).slice(-limit);
}
