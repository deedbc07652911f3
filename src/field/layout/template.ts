import type { Group, Part } from "./parts.ts";

/** What parts of several blocks fit into, each part in a place of its own. Sizes are in cells. */
export type Template = Slot | Stack | Grid;

/** Room for one plane. */
export interface Slot {
  readonly form: "slot";
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly area: number;
}

/** Parts that are packed together. */
export interface Stack {
  readonly form: "stack";
  readonly key: string;
  readonly kind: Group["kind"];
  readonly parts: readonly Template[];
  /** Places of parts by key. */
  readonly places: ReadonlyMap<string, number>;
  /** Cells of all that it has room for. */
  readonly area: number;
}

/** Room for `count` blocks. */
export interface Grid {
  readonly form: "grid";
  readonly key: string;
  readonly count: number;
  readonly block: Stack;
  readonly area: number;
}

/** The template of a part alone. */
export function templateOf(part: Part): Template {
  switch (part.form) {
    case "leaf":
      return slot(part.key, part.width, part.height);
    case "run":
      return grid(part.key, part.blocks.length, part.template);
    case "group":
      return stackOf(part);
  }
}

export const stackOf = ({ key, kind, parts }: Group): Stack =>
  stack(key, kind, parts.map(templateOf));

/** The least template that both fit into. Parts are the same where their keys are. */
export const merge = (a: Stack, b: Stack): Stack =>
  stack(a.key, a.kind, mergeParts(a.parts, b.parts));

/** In the order of the first; what only the second has comes after what stands before it there. */
function mergeParts(first: readonly Template[], second: readonly Template[]): Template[] {
  const others = new Map(second.map((part) => [part.key, part]));
  const known = new Set(first.map(({ key }) => key));
  const after = new Map<string | null, Template[]>();
  let before: string | null = null;
  for (const part of second) {
    if (known.has(part.key)) before = part.key;
    else {
      const more = after.get(before);
      if (more) more.push(part);
      else after.set(before, [part]);
    }
  }
  const merged = first.flatMap((part) => {
    const other = others.get(part.key);
    return [other ? mergePart(part, other) : part, ...after.get(part.key) ?? []];
  });
  return [...after.get(null) ?? [], ...merged];
}

function mergePart(a: Template, b: Template): Template {
  if (a.form === "slot" && b.form === "slot") {
    return slot(a.key, Math.max(a.width, b.width), Math.max(a.height, b.height));
  }
  if (a.form === "stack" && b.form === "stack") return merge(a, b);
  if (a.form === "grid" && b.form === "grid") {
    return grid(a.key, Math.max(a.count, b.count), merge(a.block, b.block));
  }
  throw new Error(`"${a.key}" is a ${a.form} in one block and a ${b.form} in another`);
}

const slot = (key: string, width: number, height: number): Slot => ({
  form: "slot",
  key,
  width,
  height,
  area: width * height,
});

const grid = (key: string, count: number, block: Stack): Grid => ({
  form: "grid",
  key,
  count,
  block,
  area: count * block.area,
});

const stack = (key: string, kind: Group["kind"], parts: readonly Template[]): Stack => ({
  form: "stack",
  key,
  kind,
  parts,
  places: new Map(parts.map(({ key }, i) => [key, i])),
  area: parts.reduce((sum, { area }) => sum + area, 0),
});
