import { elementCount, type Graph, type GraphNode, type TensorInfo } from "../formats/format.ts";
import { findJoins, type Join } from "./joins.ts";
import { type Group, namesLayer } from "./layers.ts";
import { type Op, opReader } from "./ops.ts";

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

const counts: ReadonlySet<string> = new Set(["I64", "I32", "U64", "U32", "BOOL"]);
const NONE: readonly never[] = [];
/** The share of the elements that a graph must use to be taken for the model's. */
const COVERED = 0.5;
/** Tensors that one operation passes on. */
const MAX_CARRIED = 16;
/**
 * Layers told that reach another one, the nearest: the sums of a deep residual network make all
 * layers reach all later ones, which its joins tell better. Fewer once there are many in all.
 */
const NEAREST = 64, FEW = 4, MANY = 1 << 16;

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
  const read = opReader();
  const ops = nodes.map(({ op }) => read(op));
  const layers = new Assignment(nodes, ops, inputs, groups, aliases);
  const all = groups.flatMap(({ tensors }) => tensors);
  const rest = all.filter((tensor) => !layers.has(tensor));
  if (countOf(rest) > (1 - COVERED) * countOf(all)) return null;
  const names = layers.list.map(({ name }) => name);
  const wiring = {
    names: nodes.map(({ name }) => name),
    ops,
    inputs,
    layers: layers.used,
    scales: layers.list.map(({ tensors }) => tensors.every(isVector)),
  };
  const sources = trace(ops, inputs, layers.used, names.length);
  return {
    layers: layers.list.map(({ name, tensors, kind }, i) => ({
      name,
      tensors,
      kind,
      inputs: sources[i]!.filter((source) => source !== i).sort((a, b) => a - b)
        .map((source) => names[source]!),
    })),
    joins: findJoins(wiring, names),
    rest,
  };
}

const countOf = (tensors: readonly TensorInfo[]) =>
  tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);

/** Numbers of the earlier nodes that each takes; what is not there, or not yet, is left out. */
function wire(nodes: readonly GraphNode[]): (readonly number[])[] {
  const numbers = new Map<string, number>();
  return nodes.map(({ name, inputs }, i) => {
    const known: number[] = [];
    for (const input of inputs) {
      const at = numbers.get(input);
      if (at !== undefined) known.push(at);
    }
    if (!numbers.has(name)) numbers.set(name, i);
    return known.length > 0 ? known : NONE;
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
  readonly used: (readonly number[])[] = [];
  readonly #nodes: readonly GraphNode[];
  readonly #ops: readonly Op[];
  readonly #inputs: readonly (readonly number[])[];
  readonly #groups = new Map<string, Group>();
  readonly #tensors = new Map<string, TensorInfo>();
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #layerOf = new Map<TensorInfo, number>();
  /** Names of tensors that nodes only pass on to those that take their results. */
  readonly #carried: (readonly string[])[];
  readonly #takers: Uint32Array;
  /** Layers of vectors without names, by where in the graph their operations lie. */
  readonly #vectors = new Map<string, number>();
  readonly #names: Set<string>;

  constructor(
    nodes: readonly GraphNode[],
    ops: readonly Op[],
    inputs: readonly (readonly number[])[],
    groups: readonly Group[],
    aliases: ReadonlyMap<string, string>,
  ) {
    this.#nodes = nodes;
    this.#ops = ops;
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
    for (const taken of inputs) for (const input of taken) this.#takers[input]!++;
    this.#carried = nodes.map(() => NONE);
    for (let i = 0; i < nodes.length; i++) this.used.push(this.#assign(i));
  }

  has(tensor: TensorInfo): boolean {
    return this.#layerOf.has(tensor);
  }

  #assign(at: number): readonly number[] {
    const op = this.#ops[at]!;
    const inputs = this.#inputs[at]!;
    const names = this.#tensorsOf(at);
    if (names.length === 0) return NONE;
    if (op.carries && inputs.every((input) => this.#carried[input]!.length > 0)) {
      this.#carried[at] = names.slice(0, MAX_CARRIED);
      return NONE;
    }
    const weights = this.#weights(names, op);
    if (weights.length === 0) return NONE;
    const before = this.#product(at, weights);
    const numbers = new Set<number>();
    let unnamed = before ?? -1;
    for (const tensor of weights) {
      const known = this.#layerOf.get(tensor);
      if (known !== undefined) {
        unnamed = known;
      } else if (namesLayer(tensor.name)) {
        unnamed = this.#take(this.#groups.get(tensor.name)!, op, before);
      } else {
        if (unnamed < 0) unnamed = this.#unnamed(at, tensor, op);
        this.#put(unnamed, tensor);
      }
      numbers.add(unnamed);
    }
    return [...numbers];
  }

  /** Those it computes with, the ones whose names tell of a layer first. */
  #weights(names: readonly string[], op: Op): readonly TensorInfo[] {
    const named: TensorInfo[] = [], unnamed: TensorInfo[] = [];
    for (const name of names) {
      const tensor = this.#tensors.get(this.#aliases.get(name) ?? name);
      if (tensor && isWeight(tensor, op)) (namesLayer(tensor.name) ? named : unnamed).push(tensor);
    }
    return unnamed.length > 0 ? [...named, ...unnamed] : named;
  }

  /** Names of its own tensors, and of those that others only pass on to it. */
  #tensorsOf(at: number): readonly string[] {
    const { tensors } = this.#nodes[at]!;
    let all: string[] | undefined;
    for (const input of this.#inputs[at]!) {
      const carried = this.#carried[input]!;
      if (carried.length > 0) (all ??= [...tensors]).push(...carried);
    }
    return all ?? tensors;
  }

  /** The layer whose product an addition of vectors completes. */
  #product(at: number, weights: readonly TensorInfo[]): number | undefined {
    if (!this.#ops[at]!.adds) return undefined;
    const sources = this.#sourcesOf(at);
    if (sources.length > 1) return undefined;
    // What a product gives may be brought into another shape before, whose sizes come after it.
    let [source = -1] = sources;
    while (this.used[source]?.length === 0 && this.#ops[source]!.carries) {
      if (this.#takers[source] !== 1) return undefined;
      [source = -1] = this.#sourcesOf(source);
    }
    const [layer, ...others] = this.used[source] ?? [];
    if (layer === undefined || others.length > 0 || this.#takers[source] !== 1) return undefined;
    const { kind } = this.list[layer]!;
    const isProduct = kind === "linear" || kind === "convolution" || kind === "norm";
    const isBias = (bias: TensorInfo) =>
      isVector(bias) || this.list[layer]!.tensors.some((weight) => endsAs(weight, bias));
    return isProduct && weights.every(isBias) ? layer : undefined;
  }

  /** The layer of a tensor that names none: vectors of operations side by side share theirs. */
  #unnamed(at: number, tensor: TensorInfo, op: Op): number {
    const { name } = this.#nodes[at]!;
    const home = isVector(tensor) ? name.slice(0, Math.max(0, name.lastIndexOf("/"))) : "";
    const known = this.#vectors.get(home);
    if (known !== undefined) {
      const free = home.replace(/^\//, "");
      if (!this.#names.has(free)) this.list[known]!.name = free;
      this.#names.add(free);
      return known;
    }
    const number = this.#add(this.#nameFrom(at, tensor), false, op);
    if (home !== "") this.#vectors.set(home, number);
    return number;
  }

  /** The operations whose results one takes, those aside that only pass tensors on to it. */
  #sourcesOf(at: number): readonly number[] {
    return this.#inputs[at]!.filter((input) => this.#carried[input]!.length === 0);
  }

  /** A whole group that its names make: one layer, or the rest of the one `before`. */
  #take(group: Group, op: Op, before: number | undefined): number {
    const draft = before === undefined ? undefined : this.list[before];
    let number = before;
    if (number === undefined || !draft || draft.named) number = this.#add(group.name, true, op);
    else Object.assign(draft, { name: group.name, named: true });
    for (const tensor of group.tensors) this.#put(number, tensor);
    return number;
  }

  #add(name: string, named: boolean, { kind }: Op): number {
    return this.list.push({ name, named, kind, tensors: [] }) - 1;
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
    const tries = [path.slice(0, -1).join("."), path.join("."), name];
    const free = tries.find((name) => name !== "" && !this.#names.has(name));
    if (free === undefined) return tensor.name || "(unnamed)";
    this.#names.add(free);
    return free;
  }
}

/** Whether an operation computes with a tensor, and not only with a size or a constant in it. */
const isWeight = ({ shape, dtype }: TensorInfo, op: Op): boolean =>
  elementCount(shape) > 1 && !counts.has(dtype) && !op.sizes;

const isVector = ({ shape }: TensorInfo) => elementCount(shape) === Math.max(...shape);

/** Whether a tensor has the last axes of another: a bias for each of several heads. */
const endsAs = (weight: TensorInfo, bias: TensorInfo) =>
  bias.shape.length < weight.shape.length &&
  bias.shape.every((side, i) => side === weight.shape.at(i - bias.shape.length));

/** For each layer, those whose results reach it through weightless operations. */
function trace(
  ops: readonly Op[],
  inputs: readonly (readonly number[])[],
  used: readonly (readonly number[])[],
  count: number,
): (readonly number[])[] {
  const found = new Array<readonly number[]>(count).fill(NONE);
  const reaching: (readonly number[])[] = [];
  let kept = 0;
  for (const [i, op] of ops.entries()) {
    const layers = used[i]!;
    const before = union(inputs[i]!, reaching, kept < MANY ? NEAREST : FEW);
    for (const layer of layers) {
      const known = found[layer]!;
      found[layer] = known === NONE ? before : [...new Set([...known, ...before])];
    }
    const after = layers.length > 0 ? layers : op.measures ? NONE : before;
    reaching.push(after);
    if (inputs[i]!.length > 1) kept += after.length;
  }
  return found;
}

/** What reaches the inputs, as one list without doubles: the same object where one has all. */
function union(
  inputs: readonly number[],
  reaching: readonly (readonly number[])[],
  limit: number,
): readonly number[] {
  if (inputs.length < 2) return reaching[inputs[0] ?? -1] ?? NONE;
  const filled = new Set(
    inputs.map((input) => reaching[input]!).filter(({ length }) => length > 0),
  );
  if (filled.size < 2) return [...filled][0] ?? NONE;
  const all = [...new Set([...filled].flat())];
  return all.length <= limit ? all : all.sort((a, b) => a - b).slice(-limit);
}
