import { elementCount, type Graph, type Metadata, type TensorInfo } from "../formats/format.ts";
import { type Facts, readFacts } from "./facts.ts";
import { type Flow, followGraph } from "./graph.ts";
import type { Join } from "./joins.ts";
import { kindOf } from "./kinds.ts";
import {
  type Group,
  groupByName,
  listedByName,
  mainTensor,
  namesLayer,
  naturally,
  optimizerRole,
} from "./layers.ts";
import type { Layer } from "./model.ts";
import { findTies } from "./ties.ts";
import { type BlockFamily, type Named, readNames } from "./order.ts";

/** How a model's layers belong together. */
export interface Structure {
  /** Where the order of the layers comes from. */
  readonly order: "graph" | "names" | "file";
  /** Blocks that repeat, outer ones before those that lie in them. */
  readonly blocks: readonly BlockFamily[];
  readonly joins: readonly Join[];
  /** Pairs of layers of which one takes the other's result. */
  readonly edges: number;
  readonly facts: Facts;
  /** Names of tensors that are others again, each with the name that stands for it. */
  readonly aliases: ReadonlyMap<string, string>;
  /** By tensor: others whose bytes overlap its own. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
}

/** What of a listing the structure follows from. */
export interface Content {
  readonly tensors: readonly TensorInfo[];
  readonly graph?: Graph | undefined;
  readonly metadata?: Metadata;
}

/**
 * Finds a model's layers and how they belong together. They come in the order of the graph where
 * there is one; else in the one that their names suggest: embeddings, blocks by number and in them
 * attention before MLP, the last norm, the head; else in the order of the file. What an optimizer
 * keeps comes last. Every tensor lies in one layer, those that are tied only once.
 */
export function arrange(content: Content): { layers: Layer[]; structure: Structure } {
  const { tensors, aliases, shared } = findTies(content.tensors);
  const sorted = listedByName(tensors);
  const { states, groups } = withoutStates(groupByName(tensors));
  const flow = content.graph ? followGraph(content.graph, groups, aliases) : null;
  const byName = flow ? groupByName(flow.rest) : groups;
  const others = sorted ? naturally(byName) : byName;
  const listed: Group[] = [...flow?.layers ?? [], ...others];
  const tree = readNames(listed.map(({ name }) => name), sorted);
  const drafts = flow ? inListOrder(tree.named) : tree.named;
  const aliasesOf = inverse(aliases);
  const layer = ({ name, tensors }: Group, named: Omit<Named, "layer">, more: Partial<Layer>) =>
    describe(name, tensors, named, aliasesOf, more);
  const layers = [
    ...drafts.map((named) => layer(listed[named.layer]!, named, flowFacts(flow, named.layer))),
    ...naturally(states).map((group) => layer(group, { role: stateRole(group), block: null }, {})),
  ];
  return {
    layers,
    structure: {
      order: flow ? "graph" : tree.telling || sorted ? "names" : "file",
      blocks: tree.families,
      joins: flow?.joins ?? [],
      edges: layers.reduce((sum, { inputs }) => sum + inputs.length, 0),
      facts: readFacts(content.metadata ?? {}),
      aliases,
      shared,
    },
  };
}

/** An optimizer's tensors apart from the network's. */
function withoutStates(all: readonly Group[]): { states: Group[]; groups: Group[] } {
  const states: Group[] = [], groups: Group[] = [];
  for (const group of all) {
    const isState = group.tensors.every(({ name }) => optimizerRole(name) !== null);
    (isState ? states : groups).push(group);
  }
  return { states, groups };
}

const stateRole = ({ tensors: [first, ...others] }: Group) =>
  others.length > 0 ? "optimizer" : optimizerRole(first!.name);

const inListOrder = (named: readonly Named[]) => named.toSorted((a, b) => a.layer - b.layer);

/** What the graph says of a layer. */
function flowFacts(flow: Flow | null, number: number): Partial<Layer> {
  if (!flow) return {};
  const layer = flow.layers[number];
  if (!layer) return { kind: "constant" };
  return { inputs: layer.inputs, ...(layer.kind ? { kind: layer.kind } : {}) };
}

function describe(
  name: string,
  tensors: readonly TensorInfo[],
  { role, block }: Omit<Named, "layer">,
  aliasesOf: ReadonlyMap<string, readonly string[]>,
  { kind, inputs = [] }: Partial<Layer>,
): Layer {
  const main = mainTensor(tensors);
  const isWeight = namesLayer(main.name);
  const named = kindOf({ name, main, tensors, role, isWeight });
  return {
    name,
    // An operation tells more than a name, but not that its product is one of attention's.
    kind: kind === undefined || (kind === "linear" && named === "attention") ? named : kind,
    role: roleOf(main) ?? role,
    block,
    main,
    tensors,
    captured: [],
    parameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    inputs,
    aliases: aliasesOf.size === 0 ? [] : tensors.flatMap(({ name }) => aliasesOf.get(name) ?? []),
  };
}

/** What a layer's main tensor says that its name does not. */
function roleOf({ name, shape }: TensorInfo): string | null {
  if (/(^|[./])in_proj_weight$/.test(name)) return "attention.qkv";
  return /attn[./]bias$/.test(name) && shape.length > 2 ? "attention.mask" : null;
}

function inverse(aliases: ReadonlyMap<string, string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [alias, name] of aliases) {
    const others = names.get(name);
    if (others) others.push(alias);
    else names.set(name, [alias]);
  }
  return names;
}
