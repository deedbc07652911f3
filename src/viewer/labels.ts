import { type Box, overlapping } from "./box.ts";

/** Text that wants to stand in a box; all figures in CSS pixels of the screen. */
export interface Wish {
  readonly text: string;
  /** What it names, as it lies on the screen. */
  readonly box: Box;
  /** Room that the text takes, its padding included. */
  readonly width: number;
  readonly height: number;
  /** Smaller ones come first. */
  readonly rank: number;
}

export interface Label extends Wish {
  readonly x: number;
  readonly y: number;
}

/** Pixels a side of the squares by which labels in each other's way are found. */
const SQUARE = 64;

/**
 * Where labels go: at the top left of what they name, moved along with the view's edge while any of
 * that is in view; none where it would leave its box or cover another. Earlier ranks win, then
 * larger boxes.
 */
export function placeLabels(wishes: readonly Wish[], view: Box): Label[] {
  const order = wishes.toSorted((a, b) =>
    a.rank - b.rank || b.box.width * b.box.height - a.box.width * a.box.height
  );
  const taken = new Taken();
  return order.flatMap((wish) => {
    const { box, width, height } = wish;
    const x = Math.max(box.x, view.x), y = Math.max(box.y, view.y);
    const right = Math.min(box.x + box.width, view.x + view.width);
    const bottom = Math.min(box.y + box.height, view.y + view.height);
    // Below those of what encloses it, as long as there is room.
    for (let top = y; top + height <= bottom && x + width <= right; top += height) {
      const label = { ...wish, x, y: top };
      if (taken.add(label)) return [label];
      if (top - y >= 2 * height) break;
    }
    return [];
  });
}

/** Boxes that do not overlap. */
class Taken {
  readonly #squares = new Map<string, Box[]>();

  /** Takes the room of a box; false where some of it is taken. */
  add(box: Box): boolean {
    const keys = [...squaresOf(box)];
    const isFree = keys.every((key) =>
      !this.#squares.get(key)?.some((other) => overlapping(box, other))
    );
    if (!isFree) return false;
    for (const key of keys) {
      const square = this.#squares.get(key);
      if (square) square.push(box);
      else this.#squares.set(key, [box]);
    }
    return true;
  }
}

function* squaresOf({ x, y, width, height }: Box): Generator<string> {
  for (let row = Math.floor(y / SQUARE); row * SQUARE < y + height; row++) {
    for (let column = Math.floor(x / SQUARE); column * SQUARE < x + width; column++) {
      yield `${column} ${row}`;
    }
  }
}
