import type { Pieces } from "./shape.ts";
import type { Slot } from "./template.ts";

/** Planes no longer than this times their shorter side are never cut. */
const LONG = 2;
/** What cutting a plane costs, as a share of its area. */
const CUT = 0.7;
/** Pieces at least this many slots thick have a gutter between them. */
const THICK = 8;
/** Cells that pieces begin on a multiple of, where they are as long. */
const PIECE = 4096;
/** Times as many pieces as would make a square are the most. */
const SLIM = 3;

/** A plane whole; and in more and more pieces, until all of them are wide for their length. */
export function pieces({ width, height }: Slot, slot: number): Pieces[] {
  const across = width > height;
  const [long, short] = across ? [width, height] : [height, width];
  const thick = Math.ceil(short / slot);
  const gutter = thick < THICK ? 0 : 1;
  const made = (step: number, count: number): Pieces => {
    const length = Math.ceil(Math.min(step, long) / slot);
    const breadth = count * (thick + gutter) - gutter;
    const [w, h] = across ? [length, breadth] : [breadth, length];
    const faults = count > 1 ? CUT * thick * long / slot : 0;
    return { form: "pieces", across, step, pitch: thick + gutter, width: w, height: h, faults };
  };
  const shapes = [made(Math.ceil(long / slot) * slot, 1)];
  const ratio = long / (thick * slot);
  const most = Math.min(ratio + 0.5, SLIM * Math.sqrt(ratio));
  for (let n = 2; n <= most && ratio > LONG; n = Math.ceil(n * 1.3)) {
    const unit = long / n >= PIECE ? Math.max(PIECE, slot) : slot;
    const step = Math.ceil(long / n / unit) * unit;
    const count = Math.ceil(long / step);
    if (step < shapes.at(-1)!.step && count > 1) shapes.push(made(step, count));
  }
  return shapes;
}
