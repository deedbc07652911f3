import type { BlockPlace } from "./order.ts";

/** As much of a layer as decides whether it is the same in every block. */
export interface Foldable {
  readonly name: string;
  readonly kind: string;
  readonly role: string | null;
  readonly block: BlockPlace | null;
  readonly shape: readonly number[];
}

/** Layers, or blocks of them, that differ only by the number of their block. */
export type Fold<T> =
  | { readonly label: string; readonly layers: T[] }
  | { readonly label: string; readonly count: number; readonly parts: readonly Fold<T>[] };

/**
 * Puts blocks that follow one another, and have the same layers of the same shapes, into one:
 * "model.layers.0–31" with the layers of one block, each standing for all 32.
 */
export const foldBlocks = <T extends Foldable>(layers: readonly T[]): Fold<T>[] =>
  fold(layers, 0, "", "");

/** `prefix` is the name of the block that they lie in, `above` its pattern. */
function fold<T extends Foldable>(
  layers: readonly T[],
  depth: number,
  prefix: string,
  above: string,
): Fold<T>[] {
  const folds: Fold<T>[] = [];
  for (let from = 0, to; from < layers.length; from = to) {
    const first = layers[from]!;
    const pattern = patternAt(first, depth);
    to = from + 1;
    if (pattern === null) {
      folds.push({ label: within(first.name, prefix), layers: [first] });
      continue;
    }
    while (to < layers.length && patternAt(layers[to]!, depth) === pattern) to++;
    folds.push(...foldRun(layers.slice(from, to), depth, above, pattern));
  }
  return folds;
}

interface Run<T> {
  readonly first: number;
  last: number;
  count: number;
  readonly shape: string;
  readonly parts: readonly Fold<T>[];
}

/** Blocks of one pattern, in a row. */
function foldRun<T extends Foldable>(
  layers: readonly T[],
  depth: number,
  above: string,
  pattern: string,
): Fold<T>[] {
  const runs: Run<T>[] = [];
  for (let from = 0, to; from < layers.length; from = to) {
    const index = indexAt(layers[from]!, depth);
    to = from + 1;
    while (to < layers.length && indexAt(layers[to]!, depth) === index) to++;
    const parts = fold(layers.slice(from, to), depth + 1, placeOf(layers[from]!, depth), pattern);
    const shape = JSON.stringify(parts.map(shapeOf));
    const before = runs.at(-1);
    if (before?.shape === shape && before.last + 1 === index) {
      before.last = index;
      before.count++;
      join(before.parts, parts);
    } else runs.push({ first: index, last: index, count: 1, shape, parts });
  }
  const stem = within(pattern, above).slice(0, -1);
  return runs.map(({ first, last, count, parts }) => ({
    label: stem + (first === last ? `${first}` : `${first}–${last}`),
    count,
    parts,
  }));
}

/** What two blocks must have in common. */
function shapeOf<T extends Foldable>(fold: Fold<T>): unknown {
  if ("parts" in fold) return [fold.label, fold.parts.map(shapeOf)];
  const [{ kind, role, shape } = { kind: "", role: "", shape: [] }] = fold.layers;
  return [fold.label, kind, role, shape];
}

/** Adds the layers of one more block to those it is the same as. */
function join<T>(all: readonly Fold<T>[], more: readonly Fold<T>[]): void {
  for (const [i, one] of all.entries()) {
    const other = more[i]!;
    if ("parts" in one && "parts" in other) join(one.parts, other.parts);
    else if ("layers" in one && "layers" in other) one.layers.push(...other.layers);
  }
}

/** What says in which blocks a layer lies. */
type InBlocks = Pick<Foldable, "block">;

/** The number of its block of that depth, 0 for the outermost. */
export const indexAt = ({ block }: InBlocks, depth: number): number => block!.indices[depth]!;

/** The pattern down to the blocks of that depth; null for a layer of no such block. */
export function patternAt({ block }: InBlocks, depth: number): string | null {
  const steps = block?.pattern.split("*") ?? [];
  if (!block || block.indices.length <= depth) return null;
  if (steps.length !== block.indices.length + 1) return null; // a star of a name's own
  return `${steps.slice(0, depth + 1).join("*")}*`;
}

/** The name of its block of that depth. */
export function placeOf({ block }: InBlocks, depth: number): string {
  const steps = block!.pattern.split("*").slice(0, depth + 1);
  return steps.map((step, i) => `${step}${block!.indices[i]}`).join("");
}

/** A name without what is above it. */
const within = (name: string, above: string) =>
  (name.startsWith(above) ? name.slice(above.length).replace(/^[./]+/, "") : "") || name;
