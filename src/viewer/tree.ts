import { type LayerEntry, WHOLE } from "./api.ts";

/** A branch or leaf of the layers' names, split at dots and slashes. */
export interface TreeNode {
  /** Its part of the name; several parts where nothing branches between them. */
  readonly label: string;
  /** Its whole name: unique. */
  readonly path: string;
  /** What choosing it shows: a layer's or a tensor's name. Null for a mere branch. */
  readonly target: string | null;
  readonly layer: LayerEntry | null;
  readonly children: readonly TreeNode[];
  /** Elements in everything below. */
  readonly parameters: number;
}

interface Branch {
  path: string;
  layer: LayerEntry | null;
  children: Map<string, Branch>;
}

/** The layers as a tree; a layer of several tensors has them as its leaves. */
export function buildTree(layers: readonly LayerEntry[]): TreeNode[] {
  const root: Branch = { path: "", layer: null, children: new Map() };
  for (const layer of layers) {
    let at = root;
    for (const { part, path } of parts(layer.name)) {
      let next = at.children.get(part);
      if (!next) at.children.set(part, next = { path, layer: null, children: new Map() });
      at = next;
    }
    at.layer = layer;
  }
  return [...root.children.values()].map((branch) => toNode(0, branch));
}

/** Nodes that match every word of the query, those that begin with it first; at most `limit`. */
export function search(nodes: readonly TreeNode[], query: string, limit = 200): TreeNode[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found: { node: TreeNode; rank: number }[] = [];
  const visit = (node: TreeNode) => {
    const { kind = "", role = "" } = node.layer ?? {};
    const text = `${node.path} ${node.target ?? ""} ${kind} ${role}`.toLowerCase();
    if (node.target !== null && words.every((word) => text.includes(word))) {
      const name = node.target.toLowerCase();
      const rank = words.every((word) => name.includes(word)) ? name.length : 1e6 + name.length;
      found.push({ node, rank });
    }
    node.children.forEach(visit);
  };
  nodes.forEach(visit);
  return found.sort((a, b) => a.rank - b.rank).slice(0, limit).map(({ node }) => node);
}

/** Paths of the branches above a target, outermost first; empty where there is none. */
export function pathTo(nodes: readonly TreeNode[], target: string): string[] {
  for (const node of nodes) {
    if (node.target === target) return [node.path];
    const below = pathTo(node.children, target);
    if (below.length > 0) return [node.path, ...below];
  }
  return [];
}

/** What can be chosen, in the order of the tree: layers only, not their tensors. */
export function targets(layers: readonly LayerEntry[]): string[] {
  return layers.map(({ name }) => name);
}

/** The row on top of the tree: all of the model at once. */
export const wholeNode = (parameters: number): TreeNode => ({
  label: "The whole model",
  path: "\n",
  target: WHOLE,
  layer: null,
  children: [],
  parameters,
});

/** The node of a branch whose parent's name is `above` characters long. */
function toNode(above: number, branch: Branch): TreeNode {
  const { path, layer } = branch;
  const branches = [...branch.children.values()];
  if (!layer && branches.length === 1) return toNode(above, branches[0]!);
  const below = branches.map((child) => toNode(path.length, child));
  return {
    label: path.slice(above).replace(/^[./]+/, "") || path,
    path,
    target: layer?.name ?? null,
    layer,
    children: [...(layer ? tensorNodes(layer) : []), ...below],
    parameters: below.reduce((sum, node) => sum + node.parameters, layer?.parameters ?? 0),
  };
}

/** The tensors of a layer of several, what else can be seen of them, and names tied to one. */
function tensorNodes({ name: above, tensors, views, aliases }: LayerEntry): TreeNode[] {
  const own = tensors.length < 2 ? views : [...tensors, ...views];
  return [...own, ...aliases].map((name) => ({
    label: name.startsWith(above) && !aliases.includes(name)
      ? name.slice(above.length + 1)
      : `= ${name}`,
    path: `${above}\n${name}`,
    target: name,
    layer: null,
    children: [],
    parameters: 0,
  }));
}

/** The parts of a name, separators before them included, each with the name up to its end. */
function parts(name: string): { part: string; path: string }[] {
  const found = [...name.matchAll(/[./]*[^./]+[./]*$|[./]*[^./]+/g)];
  if (found.length === 0) return [{ part: name, path: name }];
  return found.map(({ 0: part, index }) => ({ part, path: name.slice(0, index + part.length) }));
}
