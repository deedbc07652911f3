import type { BrickTree, NodeFigures, OctreeNode } from "../../compute/ops.ts";

/**
 * The trees of bricks that follow each other, in shared memory. A brick's record is words: leaves level
 * by level, of those that are cells their values, of others means, variances, mins and maxs; of its inner
 * nodes from level 2 up the same figures and firsts, level by level; then their masks, a byte each.
 */
export interface BrickLists {
  readonly brickLevels: number;
  readonly count: number;
  readonly pages: readonly SharedArrayBuffer[];
  /** Of each brick: its page, and the word there that its record begins at. */
  readonly places: Uint32Array<SharedArrayBuffer>;
  /** Of each brick by level: leaves below its root; inner nodes, the root among them. */
  readonly leaves: Uint32Array<SharedArrayBuffer>;
  readonly inner: Uint32Array<SharedArrayBuffer>;
  readonly states: Uint8Array<SharedArrayBuffer>;
  /** Of each brick: count, mean, variance, min, max. */
  readonly figures: Float32Array<SharedArrayBuffer>;
  /** Leaves by level that lie wholly outside of the volume. */
  readonly absent: readonly number[];
  readonly error: number;
  /** Of records, without what is left free of pages. */
  readonly bytes: number;
}

/** Shared memory of so many bytes or more, contents undefined. */
export type Lend = (bytes: number) => SharedArrayBuffer;

/** Levels that a brick can have, and one more. */
export const SLOTS = 8;
export const FIGURES = 5;
/** The first level whose inner nodes have masks and figures. */
export const MASKED = 2;
/** Words of a page: several of the largest records. */
const PAGE = 2 ** 20;

/** Collects bricks' trees. */
export class ListWriter {
  readonly #pages: SharedArrayBuffer[] = [];
  #words: Uint32Array = new Uint32Array();
  #next = 0;
  #count = 0;
  #error = 0;
  #bytes = 0;
  readonly #absent: number[];
  readonly #lists: BrickLists;

  readonly #lend: Lend;

  /** For `count` bricks that hold `cells` cells in all. */
  constructor(brickLevels: number, readonly count: number, readonly cells: number, lend: Lend) {
    this.#lend = lend;
    const words = (each: number) => new Uint32Array(new SharedArrayBuffer(count * each * 4));
    this.#absent = new Array<number>(brickLevels).fill(0);
    this.#lists = {
      brickLevels,
      count,
      pages: this.#pages,
      places: words(2),
      leaves: words(SLOTS),
      inner: words(SLOTS),
      states: new Uint8Array(new SharedArrayBuffer(count)),
      figures: new Float32Array(words(FIGURES).buffer),
      absent: this.#absent,
      error: 0,
      bytes: 0,
    };
  }

  /** Bytes of the records so far. */
  get bytes(): number {
    return this.#bytes;
  }

  append(tree: BrickTree): void {
    const { places, leaves, inner, states, figures } = this.#lists;
    const { levels, root } = tree;
    const brick = this.#count++;
    const nodes = tree.masks.reduce((sum, { length }) => sum + length, 0);
    const merged = tree.leaves.reduce((sum, { variances }) => sum + variances.length, 0);
    const words = tree.leaves[0]!.means.length + 4 * merged + 5 * nodes + Math.ceil(nodes / 4);
    this.#reserve(words);
    places.set([this.#pages.length - 1, this.#next], 2 * brick);
    states[brick] = root.state;
    figures.set([root.count, root.mean, root.variance, root.min, root.max], FIGURES * brick);
    let at = this.#next;
    const put = (part: Float32Array | Uint32Array) => {
      this.#words.set(new Uint32Array(part.buffer, part.byteOffset, part.length), at);
      at += part.length;
    };
    const putFigures = ({ means, variances, mins, maxs }: NodeFigures) =>
      [means, variances, mins, maxs].forEach(put);
    for (const [level, figures] of tree.leaves.entries()) {
      putFigures(figures);
      leaves[SLOTS * brick + level] = figures.means.length;
      this.#absent[level]! += tree.absent[level]!;
    }
    inner[SLOTS * brick + 1] = leaves[SLOTS * brick]! / 8;
    for (let level = MASKED; level <= levels; level++) {
      putFigures(tree.inner[level]!);
      put(tree.firsts[level]!);
      inner[SLOTS * brick + level] = tree.masks[level]!.length;
    }
    const masks = new Uint8Array(this.#words.buffer, at * 4, nodes);
    let byte = 0;
    for (const part of tree.masks) {
      masks.set(part, byte);
      byte += part.length;
    }
    this.#next += words;
    this.#bytes += words * 4;
    this.#error = Math.max(this.#error, tree.error);
  }

  finish(): BrickLists {
    if (this.#count !== this.count) {
      throw new RangeError(`octree: ${this.#count} of ${this.count} bricks have been listed`);
    }
    return { ...this.#lists, error: this.#error, bytes: this.#bytes };
  }

  #reserve(words: number): void {
    if (this.#pages.length > 0 && this.#next + words <= this.#words.length) return;
    // What is never touched takes no memory; only small volumes need a smaller page.
    const bound = this.cells * 2 + 8 ** this.#lists.brickLevels;
    const page = this.#lend(4 * Math.max(words, Math.min(PAGE, bound)));
    this.#pages.push(page);
    this.#words = new Uint32Array(page, 0, page.byteLength >> 2);
    this.#next = 0;
  }
}

/** A brick's root. */
export function rootOf({ states, figures }: BrickLists, brick: number): OctreeNode {
  const [count, mean, variance, min, max] = figures.subarray(FIGURES * brick) as unknown as [
    ...[number, number, number, number, number],
  ];
  return { state: states[brick]!, count, mean, variance, min, max };
}

/** One brick's tree, as it lies in its page. */
export interface BrickRecord {
  readonly leaves: readonly NodeFigures[];
  readonly inner: readonly NodeFigures[];
  readonly firsts: readonly Uint32Array[];
  readonly masks: readonly Uint8Array[];
}

/** Finds a brick's lists. */
export function recordOf(lists: BrickLists, brick: number): BrickRecord {
  const { pages, places, brickLevels } = lists;
  const buffer = pages[places[2 * brick]!]!;
  let word = places[2 * brick + 1]!;
  const floats = (length: number) =>
    new Float32Array(buffer, 4 * (word += length) - 4 * length, length);
  const figures = (count: number, others = count): NodeFigures => ({
    means: floats(count),
    variances: floats(others),
    mins: floats(others),
    maxs: floats(others),
  });
  const leaves = Array.from({ length: brickLevels }, (_, level) => {
    const count = lists.leaves[SLOTS * brick + level]!;
    return figures(count, level === 0 ? 0 : count);
  });
  const inner: NodeFigures[] = [], firsts: Uint32Array[] = [], masks: Uint8Array[] = [];
  const counts = Array.from(
    { length: brickLevels + 1 },
    (_, level) => level < MASKED ? 0 : lists.inner[SLOTS * brick + level]!,
  );
  for (const count of counts) {
    inner.push(figures(count));
    const { byteOffset } = floats(count);
    firsts.push(new Uint32Array(buffer, byteOffset, count));
  }
  let byte = word * 4;
  for (const count of counts) {
    masks.push(new Uint8Array(buffer, byte, count));
    byte += count;
  }
  return { leaves, inner, firsts, masks };
}
