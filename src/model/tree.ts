import { isAttention, isNorm, wordOf } from "./names.ts";

/** Deeper names are not split further, so that none can nest without end. */
const MAX_PARTS = 32;
/** The share of parts that two blocks have in common. */
const ALIKE = 0.5;
/** Words for blocks, by which even a single one is known. */
const containers = /^(layers?|h|blk|blocks?|resblocks|groups)$/;

/** What depends on a part of a name alone. */
export interface Part {
  /** With the separators before it. */
  readonly text: string;
  readonly word: string;
  /** The number at its end; -1 for none. */
  readonly number: number;
  /** Its text without that number. */
  readonly stem: string;
  readonly isBare: boolean;
  readonly isNorm: boolean;
  readonly isAttention: boolean;
}

const NONE: ReadonlyMap<string, Node> = new Map();

/** A part of names with all that begin with it. */
export class Node {
  layer = -1;
  children = NONE;
  /** Layers below, itself included. */
  layers = 0;
  /** Whether it is, or holds, attention. */
  attention: boolean;
  /** Whether it is one of a repeated block. */
  member = false;
  /** Whether blocks repeat below it. */
  blocks = false;

  constructor(readonly part: Part) {
    this.attention = part.isAttention;
  }

  add(child: Node): Node {
    if (this.children === NONE) this.children = new Map();
    (this.children as Map<string, Node>).set(child.part.text, child);
    return child;
  }
}

/**
 * The tree of a list of names, in the order in which they come, with the blocks in it that repeat
 * marked: siblings that differ by their number and have most of their parts in common.
 */
export function growTree(names: readonly string[]): Node {
  const root = grow(names);
  findBlocks(root);
  return root;
}

function grow(names: readonly string[]): Node {
  const known = new Map<string, Part>();
  const read = (text: string): Part => {
    let part = known.get(text);
    if (!part) known.set(text, part = partOf(text));
    return part;
  };
  const root = new Node(read(""));
  const path: Node[] = [];
  for (const [layer, name] of names.entries()) {
    let at = root, depth = 0;
    path[depth++] = root;
    for (const text of partsOf(name)) {
      at = at.children.get(text) ?? at.add(new Node(read(text)));
      path[depth++] = at;
    }
    at.layer = layer;
    let attention = false;
    while (depth > 0) {
      const above = path[--depth]!;
      above.layers++;
      if (attention) above.attention = true;
      else attention = above.attention;
    }
  }
  return root;
}

function partOf(text: string): Part {
  const digits = text.match(/\d{1,9}$/)?.[0] ?? "";
  const stem = text.slice(0, text.length - digits.length);
  // A number too long for an index is text.
  const isNumber = digits !== "" && !/\d$/.test(stem);
  const word = wordOf(text.replace(/^[./]+/, ""));
  return {
    text,
    word,
    number: isNumber ? Number(digits) : -1,
    stem: isNumber ? stem : text,
    isBare: isNumber && /^[./]*$/.test(stem),
    isNorm: isNorm(word),
    isAttention: isAttention(word),
  };
}

/** The parts of a name, each with the separators before it: "a.b/0" as "a", ".b", "/0". */
export function partsOf(name: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 1; i < name.length && parts.length < MAX_PARTS - 1; i++) {
    if (!isSeparator(name.charCodeAt(i)) || isSeparator(name.charCodeAt(i - 1))) continue;
    parts.push(name.slice(start, i));
    start = i;
  }
  parts.push(name.slice(start));
  return parts;
}

const isSeparator = (code: number) => code === 0x2e || code === 0x2f;

function findBlocks(node: Node): void {
  if (node.children === NONE) return;
  const siblings = new Map<string, Node[]>();
  for (const child of node.children.values()) {
    findBlocks(child);
    node.blocks ||= child.blocks;
    const { number, stem } = child.part;
    if (number < 0) continue;
    const others = siblings.get(stem);
    if (others) others.push(child);
    else siblings.set(stem, [child]);
  }
  for (const group of siblings.values()) {
    if (!group.some(({ layers }) => layers > 1)) continue;
    const members = alike(group);
    const alone = group.length === 1 && group[0]!.part.isBare && containers.test(node.part.word);
    if (members.length < 2 && !alone) continue;
    for (const member of members) member.member = true;
    node.blocks = true;
  }
}

/** Those whose parts are mostly those of the most common kind among them. */
function alike(group: readonly Node[]): Node[] {
  const kinds = new Map<string, { parts: Set<string>; count: number }>();
  const keyed = group.map((node) => {
    const parts = new Set(Array.from(node.children.values(), kindOfPart));
    const key = [...parts].sort().join("\n");
    const kind = kinds.get(key);
    if (kind) kind.count++;
    else kinds.set(key, { parts, count: 1 });
    return { node, key };
  });
  let most: { parts: Set<string>; count: number } | undefined;
  let mostKey = "";
  for (const [key, kind] of kinds) {
    if (key === "") continue; // a single layer each
    if (!most || kind.count > most.count || (kind.count === most.count && key < mostKey)) {
      [most, mostKey] = [kind, key];
    }
  }
  if (!most) return [];
  const { parts } = most;
  const similar = new Map(
    Array.from(kinds, ([key, kind]) => [key, similarity(kind.parts, parts) >= ALIKE]),
  );
  return keyed.filter(({ key }) => similar.get(key)).map(({ node }) => node);
}

const kindOfPart = ({ part }: Node) => part.isBare ? "*" : part.text;

/** Shared parts over all parts (Jaccard's index). */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const part of a) if (b.has(part)) shared++;
  return shared / (a.size + b.size - shared);
}
