import { columns } from "./columns.ts";
import { packings } from "./packings.ts";
import { pieces } from "./pieces.ts";
import type { Shape } from "./shape.ts";
import type { Template } from "./template.ts";

/** Rectangles placed, over all templates, before less is tried; and the same for one. */
const EFFORT = 2_000_000;
const EFFORT_EACH = 100_000;

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
        const share = template.parts.length / total;
        const effort = Math.min(EFFORT_EACH, EFFORT * share);
        return packings(template, template.parts.map(shapes), effort);
      }
    }
  };
  return shapes(template);
}

function slotsIn(template: Template): number {
  switch (template.form) {
    case "slot":
      return 1;
    case "grid":
      return slotsIn(template.block);
    case "stack":
      return template.parts.reduce((sum, part) => sum + slotsIn(part), 0);
  }
}
