import { meaningOf } from "./names.ts";
import { growTree, type Node } from "./tree.ts";
import { BODY, type Meaning, type Scope, TAIL } from "./vocabulary.ts";

/** Where a repeated block lies: in pattern "model.layers.*", the one of that index. */
export interface BlockPlace {
  /** The block's name, "*" for each of its numbers. */
  readonly pattern: string;
  /** Of the innermost block. */
  readonly index: number;
  /** As many as the pattern has stars: blocks lie in blocks. */
  readonly indices: readonly number[];
}

/** A block that repeats. */
export interface BlockFamily {
  readonly pattern: string;
  /** The family that its blocks lie in. */
  readonly within: string | null;
  /** Blocks in all. */
  readonly count: number;
  /** Layers in each; in most, where they differ. */
  readonly layers: number;
}

/** What the names say of one layer. */
export interface Named {
  /** Its place in the list of names given. */
  readonly layer: number;
  readonly role: string | null;
  readonly block: BlockPlace | null;
}

/** What a list of names says. */
export interface NameTree {
  /** In the order in which the names suggest that they compute. */
  readonly named: readonly Named[];
  readonly families: readonly BlockFamily[];
  /** Whether any part of a name said anything of the order. */
  readonly telling: boolean;
}

/**
 * Reads a list of layers' names as a tree: which blocks repeat, what each layer does, and in which
 * order they compute. `sorted` says that the list's own order is that of the names, so that it
 * tells nothing; else what the names do not tell stays as it is in the list.
 */
export function readNames(names: readonly string[], sorted: boolean): NameTree {
  const walk = new Walk(sorted);
  walk.visit(growTree(names), {
    scope: "trunk",
    role: null,
    pattern: "",
    indices: [],
    transformer: false,
    block: null,
  });
  return { named: walk.named, families: walk.families(), telling: walk.telling };
}

interface Context {
  readonly scope: Scope;
  /** What the names above say all below is for. */
  readonly role: string | null;
  /** The name so far, with "*" for the numbers of blocks. */
  readonly pattern: string;
  readonly indices: readonly number[];
  readonly transformer: boolean;
  readonly block: BlockPlace | null;
}

/** A child whose place is known, and those after it of which nothing is known. */
interface Group {
  readonly place: number;
  readonly number: number;
  readonly part: string;
  readonly nodes: (readonly [Node, Meaning | undefined])[];
}

class Walk {
  readonly named: Named[] = [];
  telling = false;
  readonly #families = new Map<
    string,
    { within: string | null; count: number; layers: Map<number, number> }
  >();

  constructor(readonly sorted: boolean) {}

  visit(node: Node, context: Context): void {
    const { role, block } = context;
    if (node.layer >= 0) this.named.push({ layer: node.layer, role, block });
    for (const [child, meaning] of this.#ordered(node, context)) {
      this.visit(child, this.#enter(child, meaning, context));
    }
  }

  families(): BlockFamily[] {
    return Array.from(this.#families, ([pattern, { within, count, layers }]) => {
      const [most] = [...layers].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      return { pattern, within, count, layers: most![0] };
    });
  }

  #enter(child: Node, meaning: Meaning | undefined, above: Context): Context {
    const { scope: own = above.scope } = meaning ?? {};
    const isAttention = own === "attention" || own === "cross";
    const scope = child.member && above.scope === "trunk" && !isAttention ? "block" : own;
    const context = { ...above, scope, pattern: above.pattern + child.part.text };
    if (child.member) return this.#enterBlock(child, context);
    const { role } = above;
    const narrow = meaning?.role ?? null;
    const narrower = role === null || child.part.isNorm || narrow?.startsWith(`${role}.`);
    return narrower ? { ...context, role: narrow ?? role } : context;
  }

  #enterBlock(child: Node, context: Context): Context {
    const pattern = context.pattern.slice(0, context.pattern.length - child.part.text.length) +
      `${child.part.stem}*`;
    const indices = [...context.indices, child.part.number];
    const within = context.block?.pattern ?? null;
    let family = this.#families.get(pattern);
    if (!family) this.#families.set(pattern, family = { within, count: 0, layers: new Map() });
    family.count++;
    family.layers.set(child.layers, (family.layers.get(child.layers) ?? 0) + 1);
    this.telling = true;
    return {
      ...context,
      pattern,
      indices,
      transformer: context.transformer || child.attention,
      block: { pattern, index: child.part.number, indices },
    };
  }

  /** The children in order, each with what its word says. */
  #ordered(node: Node, context: Context): (readonly [Node, Meaning | undefined])[] {
    if (node.children.size === 0) return [];
    let words: Set<string> | undefined;
    const beside = (word: string) => {
      words ??= new Set(Array.from(node.children.values(), ({ part }) => part.word));
      return words.has(word);
    };
    const around = {
      scope: context.scope,
      transformer: context.transformer,
      blocks: node.blocks,
      beside,
    };
    const body: Group = {
      place: context.scope === "trunk" ? BODY : -1,
      number: -1,
      part: "",
      nodes: [],
    };
    const groups: Group[] = [];
    const falling = fallingStems(node);
    let last = body;
    for (const child of node.children.values()) {
      const meaning = child.part.isBare
        ? undefined
        : meaningOf(child.part.word, child.part.isNorm, around);
      const place = placeOf(child, meaning, context);
      if (place !== null) {
        this.telling = true;
        const number = falling.has(child.part.stem) ? -child.part.number : child.part.number;
        // Of several that hold blocks and say no more, their parts' letters do not tell which is first.
        const part = meaning || child.member ? child.part.text : "";
        last = { place, number, part, nodes: [] };
        groups.push(last);
      } else if (context.scope === "trunk" && (this.sorted || last.place >= TAIL)) last = body;
      last.nodes.push([child, meaning]);
    }
    if (groups.length === 0) return body.nodes;
    groups.sort(inOrder);
    const at = groups.findIndex((group) => inOrder(body, group) < 0);
    groups.splice(at < 0 ? groups.length : at, 0, body);
    return groups.flatMap(({ nodes }) => nodes);
  }
}

/** Null where neither word nor number says where it stands. */
function placeOf(child: Node, meaning: Meaning | undefined, { scope }: Context): number | null {
  if (meaning && !Number.isNaN(meaning.place)) return meaning.place;
  const isBody = scope === "trunk" ? child.blocks : child.part.isBare;
  return child.member || isBody ? BODY : null;
}

/** Stems of blocks that the list counts down, as decoders of U-Nets do. */
function fallingStems(node: Node): Set<string> {
  const numbers = new Map<string, number[]>();
  for (const { member, part: { word, stem, number } } of node.children.values()) {
    if (!member || !/dec|up/.test(word)) continue;
    numbers.set(stem, [...numbers.get(stem) ?? [], number]);
  }
  const falling = [...numbers].filter(([, given]) =>
    given.every((number, i) => i === 0 || number < given[i - 1]!)
  );
  return new Set(falling.map(([stem]) => stem));
}

const inOrder = (a: Group, b: Group) =>
  a.place - b.place || a.number - b.number || (a.part < b.part ? -1 : a.part > b.part ? 1 : 0);
