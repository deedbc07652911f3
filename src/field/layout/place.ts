import type { Group, Leaf, Part, Run } from "./parts.ts";
import type { Frame, Region } from "./regions.ts";
import type { Columns, Packed, Pieces, Shape } from "./shape.ts";
import type { Grid, Stack, Template } from "./template.ts";

/** Regions and frames of a model in its template's shape, on a grid of `slot` cells. */
export function place(
  model: Group,
  template: Stack,
  shape: Shape,
  slot: number,
): { regions: Region[]; frames: Frame[] } {
  const placer = new Placer(slot);
  placer.place(model, template, shape, 0, 0, -1);
  return placer;
}

type Growing = Frame & { readonly planes: number[] };

/** Places are in slots until they become regions and frames. */
class Placer {
  readonly regions: Region[] = [];
  readonly frames: Growing[] = [];

  constructor(readonly slot: number) {}

  place(part: Part, template: Template, shape: Shape, x: number, y: number, parent: number): void {
    if (part.form === "leaf") return this.#leaf(part, shape as Pieces, x, y, parent);
    if (part.form === "run") {
      return this.#run(part, template as Grid, shape as Columns, x, y, parent);
    }
    this.#group(part, template as Stack, shape as Packed, x, y, parent);
  }

  #leaf({ plane, width, height }: Leaf, shape: Pieces, x: number, y: number, parent: number) {
    const { across, step, pitch } = shape;
    for (let frame = parent; frame >= 0; frame = this.frames[frame]!.parent) {
      this.frames[frame]!.planes.push(plane);
    }
    const long = across ? width : height;
    for (let at = 0, n = 0; at < long; at += step, n++) {
      const length = Math.min(step, long - at);
      this.regions.push({
        plane,
        left: across ? at : 0,
        top: across ? 0 : at,
        x: (across ? x : x + n * pitch) * this.slot,
        y: (across ? y + n * pitch : y) * this.slot,
        width: across ? length : width,
        height: across ? height : length,
      });
    }
  }

  #run(run: Run, { block: template }: Grid, shape: Columns, x: number, y: number, parent: number) {
    const { rows, gutter, block } = shape;
    const count = run.blocks.length;
    const columns = Math.ceil(count / rows);
    if (count > 1) {
      const width = columns * (block.width + gutter) - gutter;
      const height = Math.min(count, rows) * (block.height + gutter) - gutter;
      parent = this.#frame("blocks", run, { x, y, width, height }, parent);
    }
    for (const [i, one] of run.blocks.entries()) {
      const column = Math.floor(i / rows), row = i % rows;
      const left = x + column * (block.width + gutter), top = y + row * (block.height + gutter);
      this.place(one, template, block, left, top, parent);
    }
  }

  #group(
    group: Group,
    { parts: templates, places }: Stack,
    { parts: shapes, xs, ys, width, height }: Packed,
    x: number,
    y: number,
    parent: number,
  ) {
    if (group.kind !== "model") {
      parent = this.#frame(group.kind, group, { x, y, width, height }, parent);
    }
    for (const part of group.parts) {
      const i = places.get(part.key)!;
      this.place(part, templates[i]!, shapes[i]!, x + xs[i]!, y + ys[i]!, parent);
    }
  }

  #frame(
    kind: Frame["kind"],
    { label, name }: Group | Run,
    { x, y, width, height }: { x: number; y: number; width: number; height: number },
    parent: number,
  ): number {
    const { slot } = this;
    const at = { x: x * slot, y: y * slot, width: width * slot, height: height * slot };
    return this.frames.push({ kind, label, name, ...at, planes: [], parent }) - 1;
  }
}
