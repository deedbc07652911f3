import { indexAt, patternAt, placeOf } from "../../model/fold.ts";
import type { Layer } from "../../model/model.ts";
import type { Plane } from "../plane.ts";
import { merge, type Stack, stackOf } from "./template.ts";

/** A model as what encloses what: planes, in branches, in blocks, in runs of blocks. */
export type Part = Leaf | Group | Run;

/** A plane. */
export interface Leaf {
  readonly form: "leaf";
  /** Its name within the block: the same in every block. */
  readonly key: string;
  /** Index among all planes. */
  readonly plane: number;
  readonly width: number;
  readonly height: number;
}

/** Parts that are packed together. */
export interface Group {
  readonly form: "group";
  readonly kind: "model" | "block" | "branch" | "optimizer";
  readonly key: string;
  readonly label: string;
  readonly name: string;
  readonly parts: readonly Part[];
  /** Cells of all its planes. */
  readonly cells: number;
}

/** Blocks that follow one another, and what all of them fit into. */
export interface Run {
  readonly form: "run";
  readonly key: string;
  readonly label: string;
  readonly name: string;
  readonly blocks: readonly Group[];
  readonly template: Stack;
  readonly cells: number;
}

/** A layer, and where its planes stand among all. */
export interface Numbered {
  readonly layer: Layer;
  readonly first: number;
  readonly planes: readonly Plane[];
}

/** First words of roles whose layers are a branch beside the residual stream. */
const branches = new Set(["attention", "cross-attention", "mlp"]);

/**
 * Blocks share a template while it takes no more than this times their cells: blocks of another
 * size, as the stages of a convolutional network, get one of their own.
 */
const SLACK = 1.5;

/** The whole model: layers in order, blocks gathered; what an optimizer keeps stands last. */
export function modelOf(layers: readonly Numbered[]): Group {
  const isState = ({ layer }: Numbered) => layer.kind === "optimizer";
  const parts = partsOf(layers.filter((layer) => !isState(layer)), 0, "", "", false);
  const states = partsOf(layers.filter(isState), 0, "", "", false);
  if (states.length > 0 && parts.length > 0) {
    parts.push(group("optimizer", "@optimizer", "optimizer", "optimizer", states));
  } else parts.push(...states);
  return group("model", "", "", "", parts);
}

/**
 * Parts of a block of that depth, called `prefix` and of the pattern `above`. Branches are told apart
 * in blocks, unless they are `inBranch` themselves.
 */
function partsOf(
  layers: readonly Numbered[],
  depth: number,
  prefix: string,
  above: string,
  inBranch: boolean,
): Part[] {
  const parts: Part[] = [];
  const inside = new Map<string, Part[]>();
  const runs = new Map<string, number>();
  for (let from = 0, to; from < layers.length; from = to) {
    const pattern = patternAt(layers[from]!.layer, depth);
    to = from + 1;
    if (pattern !== null) {
      while (to < layers.length && patternAt(layers[to]!.layer, depth) === pattern) to++;
    }
    const members = layers.slice(from, to);
    const branch = inBranch || depth === 0 ? null : branchOf(members);
    const found = pattern === null
      ? leaves(members[0]!, prefix)
      : runsOf(members, depth, above, pattern, inBranch || branch !== null, runs);
    if (branch === null) {
      for (const part of found) parts.push(part);
      continue;
    }
    const gathered = inside.get(branch);
    if (gathered) {
      gathered.push(...found);
      continue;
    }
    inside.set(branch, found);
    parts.push({
      ...group("branch", `@${branch}`, branch, `${prefix}.${branch}`, []),
      parts: found,
    });
  }
  return inside.size === 0 ? parts : parts.map(counted);
}

/** A branch, once all that it encloses is known. */
const counted = (part: Part): Part =>
  part.form === "group" && part.kind === "branch" ? { ...part, cells: cellsOf(part.parts) } : part;

/** The branch that all these layers belong to, their norms aside. */
function branchOf(layers: readonly Numbered[]): string | null {
  const words = new Set<string | undefined>();
  for (const { layer: { role } } of layers) {
    const word = role?.split(".")[0];
    if (word !== "norm" || layers.length === 1) words.add(word);
  }
  const [word] = words;
  return words.size === 1 && word !== undefined && branches.has(word) ? word : null;
}

/** Blocks of one pattern, in runs of those that one template fits. */
function runsOf(
  layers: readonly Numbered[],
  depth: number,
  above: string,
  pattern: string,
  inBranch: boolean,
  runs: Map<string, number>,
): Run[] {
  const members = Map.groupBy(layers, ({ layer }) => indexAt(layer, depth));
  const found: { blocks: Group[]; template: Stack; cells: number }[] = [];
  for (const [index, inBlock] of members) {
    const name = placeOf(inBlock[0]!.layer, depth);
    // What stands before the number can lie in the pattern above it only.
    const parts = partsOf(inBlock, depth + 1, name, pattern, inBranch);
    const block = group("block", `${index}`, shortName(name), name, parts);
    const own = stackOf(block);
    const last = found.at(-1);
    const both = last ? merge(last.template, own) : own;
    const cells = (last?.cells ?? 0) + block.cells;
    if (last && both.area * (last.blocks.length + 1) <= SLACK * cells) {
      last.blocks.push(block);
      last.template = both;
      last.cells = cells;
    } else found.push({ blocks: [block], template: own, cells: block.cells });
  }
  const stem = within(pattern, above).slice(0, -1);
  return found.map((run): Run => {
    const number = runs.get(pattern) ?? 0;
    runs.set(pattern, number + 1);
    const [first, last] = [run.blocks[0]!.key, run.blocks.at(-1)!.key];
    const label = stem + (run.blocks.length === 1 ? first : `${first}–${last}`);
    return { form: "run", key: `*${number}${pattern}`, label, name: pattern, ...run };
  });
}

const leaves = ({ first, planes }: Numbered, prefix: string): Part[] =>
  planes.map((plane, i): Leaf => ({
    form: "leaf",
    key: keyOf(plane.tensor.name, prefix),
    plane: first + i,
    width: plane.width,
    height: plane.height,
  }));

/** A tensor's name within its block; no other tensor of the block has the same. */
const keyOf = (name: string, prefix: string) =>
  name.startsWith(prefix) ? `.${name.slice(prefix.length)}` : `=${name}`;

const group = (
  kind: Group["kind"],
  key: string,
  label: string,
  name: string,
  parts: readonly Part[],
): Group => ({ form: "group", kind, key, label, name, parts, cells: cellsOf(parts) });

const cellsOf = (parts: readonly Part[]) =>
  parts.reduce(
    (sum, part) => sum + (part.form === "leaf" ? part.width * part.height : part.cells),
    0,
  );

/** A name's last part, with the one before it where it is a number only: "layers.12", "q_proj". */
export function shortName(name: string): string {
  const parts = name.split(/(?<=.)[./](?=.)/);
  const last = parts.pop()!;
  return /^\d+$/.test(last) && parts.length > 0 ? `${parts.pop()!}.${last}` : last;
}

const within = (name: string, above: string) =>
  (name.startsWith(above) ? name.slice(above.length).replace(/^[./]+/, "") : "") || name;
