import type { Size } from "./skyline.ts";
import type { Template } from "./template.ts";

/** One way to lay out a template. Sizes and places are in slots of the map's grid. */
export type Shape = Pieces | Columns | Packed;

/** What all shapes have. */
interface Outline extends Size {
  /** Slots that what does not please is worth: planes that are cut, groups that are far from square. */
  readonly faults: number;
}

/** A plane, cut across its longer side where it is long. */
export interface Pieces extends Outline {
  readonly form: "pieces";
  /** Whether pieces are cut from left to right, and lie one below the other; else the other way. */
  readonly across: boolean;
  /** Cells from one piece to the next along the plane. */
  readonly step: number;
  /** Slots from one piece to the next on the map. */
  readonly pitch: number;
}

/** Blocks, down the first column, then down the next. */
export interface Columns extends Outline {
  readonly form: "columns";
  readonly rows: number;
  readonly gutter: number;
  readonly block: Shape;
}

/** Parts of a stack, in its order. */
export interface Packed extends Outline {
  readonly form: "packed";
  readonly parts: readonly Shape[];
  readonly xs: Int32Array;
  readonly ys: Int32Array;
}

/** Shapes that are kept of a template. */
const KEPT = 10;
/** Aspects that are told apart up to that where one side is e times the other. */
const ASPECTS = 4;
/** What that aspect costs, as a share of the area; others by the square of the logarithm. */
const OBLONG = 0.08;
/** Blocks stand further apart than what is in them, up to this. */
const WIDEST = 3;

/** Slots between the parts of a template, or the blocks of one. */
export function gutterOf(template: Template): number {
  switch (template.form) {
    case "slot":
      return 1;
    case "stack":
      return template.parts.reduce((most, part) => Math.max(most, gutterOf(part)), 1);
    case "grid":
      return Math.min(WIDEST, gutterOf(template.block) + (template.count > 1 ? 1 : 0));
  }
}

/** The cheapest of each aspect, in order of cost. */
export function best<T extends Shape>(shapes: readonly T[]): T[] {
  const cheapest = new Map<number, { shape: T; cost: number }>();
  for (const shape of shapes) {
    const cost = costOf(shape);
    const aspect = Math.round(ASPECTS * Math.log(shape.width / shape.height));
    const other = cheapest.get(aspect);
    if (!other || cost < other.cost) cheapest.set(aspect, { shape, cost });
  }
  const sorted = [...cheapest.values()].sort((a, b) => a.cost - b.cost);
  return sorted.slice(0, KEPT).map(({ shape }) => shape);
}

/** The room that a shape takes, and more where it does not please. */
export const costOf = (shape: Shape) => shape.width * shape.height + oblong(shape) + shape.faults;

/** Slots that it would be worth to have a square. */
export const oblong = ({ width, height }: Size) =>
  OBLONG * width * height * turn(width / height) ** 2;

/** How far from 1 a ratio is, either way. */
export const turn = (ratio: number): number => Math.abs(Math.log(ratio));
