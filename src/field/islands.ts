import type { Window } from "./canvas.ts";
import type { Island } from "./plane.ts";

/** Pixels of a window that show a cell of no island, as runs in its picture. */
export function forEachGapBetween(
  islands: readonly Island[],
  { log2, x, y, width, height, columns, rows }: Window,
  visit: (from: number, to: number) => void,
): void {
  const side = 2 ** log2;
  // Further in than native, windows begin at cells.
  const [left, top] = log2 >= 0 ? [x, y] : [x / side, y / side];
  const covered = new Uint8Array(columns * rows);
  for (const island of islands) {
    const from = Math.max(0, Math.floor(island.x / side) - left);
    const to = Math.min(width, Math.ceil((island.x + island.width) / side) - left);
    if (to <= from) continue;
    const end = Math.min(height, Math.ceil((island.y + island.height) / side) - top);
    for (let row = Math.max(0, Math.floor(island.y / side) - top); row < end; row++) {
      covered.fill(1, row * columns + from, row * columns + to);
    }
  }
  for (let from = covered.indexOf(0); from >= 0;) {
    const next = covered.indexOf(1, from);
    const to = next < 0 ? covered.length : next;
    visit(from, to);
    from = next < 0 ? -1 : covered.indexOf(0, to);
  }
}
