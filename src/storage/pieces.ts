import { rowMajor } from "./shape.ts";
import type { Piece } from "./source.ts";

/** A row-major box: its first index and its sides. */
export interface Box {
  readonly at: readonly number[];
  readonly shape: readonly number[];
}

/**
 * The elements `first` to `end` of a row-major array as boxes, at most two an axis, in order. All
 * axes of a box but one are either a single index or the array's whole side.
 */
export function* boxesOf(shape: readonly number[], first: number, end: number): Generator<Box> {
  const steps = rowMajor(shape);
  while (first < end) {
    // The outermost axis along which whole steps fit: those inside of it begin at zero.
    let axis = shape.length - 1;
    while (axis > 0 && first % steps[axis - 1]! === 0 && first + steps[axis - 1]! <= end) axis--;
    const step = steps[axis]!;
    const at = shape.map((side, i) => Math.floor(first / steps[i]!) % side);
    const count = Math.min(Math.floor((end - first) / step), shape[axis]! - at[axis]!);
    yield {
      at,
      shape: shape.map((side, i) => i < axis ? 1 : i === axis ? count : side),
    };
    first += count * step;
  }
}

/** What two boxes share; undefined where they share nothing. */
export function shared(a: Box, b: Box): Box | undefined {
  const at = a.at.map((start, axis) => Math.max(start, b.at[axis]!));
  const shape = at.map((start, axis) =>
    Math.min(a.at[axis]! + a.shape[axis]!, b.at[axis]! + b.shape[axis]!) - start
  );
  return shape.every((side) => side > 0) ? { at, shape } : undefined;
}

/**
 * Finds the pieces that a box touches without looking at all of them: pieces lie in the cells of a
 * grid as wide as the widest of them, each in the cell of its first element.
 */
export class PieceIndex {
  readonly #pieces: readonly Piece[];
  readonly #cell: readonly number[];
  /** Whether pieces start at cells' edges along an axis, so that none reaches into the next. */
  readonly #aligned: readonly boolean[];
  readonly #cells = new Map<string, number[]>();

  constructor(axes: number, pieces: readonly Piece[]) {
    this.#pieces = pieces;
    const each = Array.from({ length: axes }, (_, axis) => axis);
    this.#cell = each.map((axis) => pieces.reduce((w, { shape }) => Math.max(w, shape[axis]!), 1));
    this.#aligned = each.map((axis) =>
      pieces.every(({ at }) => at[axis]! % this.#cell[axis]! === 0)
    );
    pieces.forEach(({ at }, i) => {
      const key = at.map((start, axis) => Math.floor(start / this.#cell[axis]!)).join();
      const held = this.#cells.get(key);
      if (held) held.push(i);
      else this.#cells.set(key, [i]);
    });
  }

  /** The numbers of the pieces that may touch a box: those of the cells it lies in. */
  *near(box: Box): Generator<number> {
    const first = box.at.map((start, axis) =>
      Math.max(0, Math.floor(start / this.#cell[axis]!) - (this.#aligned[axis] ? 0 : 1))
    );
    const last = box.at.map((start, axis) =>
      Math.floor((start + box.shape[axis]! - 1) / this.#cell[axis]!)
    );
    const count = first.reduce((count, from, axis) => count * (last[axis]! - from + 1), 1);
    if (count > this.#pieces.length) return yield* this.#pieces.keys();
    const cell = [...first];
    for (let i = 0; i < count; i++) {
      yield* this.#cells.get(cell.join()) ?? [];
      let axis = cell.length - 1;
      while (axis >= 0 && cell[axis] === last[axis]) cell[axis] = first[axis--]!;
      if (axis >= 0) cell[axis]!++;
    }
  }
}

/** Where an index lies in a row-major box of these sides, in elements. */
export const placeIn = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((place, i, axis) => place * shape[axis]! + i, 0);

/**
 * Copies a box of elements between row-major arrays of other sides, each starting at an element of
 * its own. Bytes of an element are `item`.
 */
export function copyBox(
  box: readonly number[],
  item: number,
  from: { readonly bytes: Uint8Array; readonly shape: readonly number[]; readonly start: number },
  to: { readonly bytes: Uint8Array; readonly shape: readonly number[]; readonly start: number },
): void {
  // Inner axes that both arrays hold whole are one run of memory.
  let inner = box.length - 1;
  let run = box[inner]!;
  while (inner > 0 && box[inner] === from.shape[inner] && box[inner] === to.shape[inner]) {
    run *= box[--inner]!;
  }
  const index = new Array<number>(inner).fill(0);
  const fromSteps = rowMajor(from.shape);
  const toSteps = rowMajor(to.shape);
  let source = from.start;
  let target = to.start;
  for (;;) {
    to.bytes.set(from.bytes.subarray(source * item, (source + run) * item), target * item);
    let axis = inner - 1;
    while (axis >= 0 && index[axis]! + 1 === box[axis]) {
      source -= index[axis]! * fromSteps[axis]!;
      target -= index[axis]! * toSteps[axis]!;
      index[axis--] = 0;
    }
    if (axis < 0) return;
    index[axis]!++;
    source += fromSteps[axis]!;
    target += toSteps[axis]!;
  }
}
