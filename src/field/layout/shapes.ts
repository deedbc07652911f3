import { columns } from "./columns.ts";
import { packings } from "./packings.ts";
import { pieces } from "./pieces.ts";
import type { Shape } from "./shape.ts";
import type { Template } from "./template.ts";

/** Rectangles placed, over all templates, before less is tried; the same for one, and for a part. */
const EFFORT = 500_000;
const EFFORT_EACH = 100_000;
const EFFORT_LEAST = 3;

/** Shapes that a template can take on a grid of `slot` cells: several aspects, the best first. */
export function shapesOf(template: Template, slot: number): Shape[] {
  const total = slotsIn(template);
  const shapes = (template: Template): Shape[] => {
    switch (template.form) {
      case "slot":
        return pieces(template, slot);
      case "grid":
        return columns(template, shapes(template.block));
      case "stack": {
        const count = template.parts.length;
        const effort = Math.min(EFFORT_EACH, EFFORT * count / total);
        return packings(
          template,
          template.parts.map(shapes),
          Math.max(EFFORT_LEAST * count, effort),
        );
      }
    }
  };
  return shapes(template);
}

/** Planes that a template has room for, those of repeated blocks once. */
export function slotsIn(template: Template): number {
  switch (template.form) {
    case "slot":
      return 1;
    case "grid":
      return slotsIn(template.block);
    case "stack":
      return template.parts.reduce((sum, part) => sum + slotsIn(part), 0);
  }
}
