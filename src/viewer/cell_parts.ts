import type { Inspection } from "./api.ts";
import { h } from "./dom.ts";
import { number, share, table } from "./figures.ts";
import { reading, where } from "./hover.ts";
import * as numbers from "./numbers.ts";
import type { Block } from "./square.ts";

/** A cell or block that was read, in numbers. */
export function cellParts(found: Inspection, { log2 }: Block): HTMLElement[] {
  const { cell, cube } = found;
  if (cube && cube.side > 1) return cubeParts(found, cube, log2);
  const [name, text] = reading(found, log2);
  if (found.reading) return readingParts(found);
  const slope = found.slopes === "captured" ? "|dL/dW|" : "gradient";
  const many = cell.count > 1 || log2 > 0;
  return [
    where(found, log2),
    h("p", { class: "value" }, text, name ? h("small", {}, name) : null),
    many
      ? table([
        ["lowest", number(cell.min)],
        ["highest", number(cell.max)],
        ["deviation", number(cell.variance === null ? null : Math.sqrt(cell.variance))],
        [slope, number(cell.gradient)],
        ["positive", share(cell.positive)],
        ["values", numbers.whole(cell.count)],
      ])
      : table([[slope, number(cell.gradient)]]),
  ];
}

/** Of a chart: what is drawn there, and the numbers that it is of. */
function readingParts(found: Inspection): HTMLElement[] {
  const { cell } = found, [name, text] = reading(found, 0);
  return [
    where(found, 0),
    h("p", { class: "value" }, text, h("small", {}, name)),
    ...(cell.count > 1
      ? [table([["lowest", number(cell.min)], ["highest", number(cell.max)]])]
      : []),
  ];
}

/** Of what is drawn as one, though it is many cells: those figures, then the cell under the pin. */
function cubeParts(found: Inspection, cube: NonNullable<Inspection["cube"]>, log2: number) {
  const { value, special, cell } = found;
  const [name, text] = reading(found, log2);
  const about = !cube.leaf
    ? "Several cubes: they are seen from nearer."
    : cube.count > 0
    ? `One cube: its cells differ by less than ${numbers.value(cube.epsilon)}.`
    : "One cube: none of its cells is finite.";
  return [
    where(found, log2),
    h("p", { class: "value" }, text, h("small", {}, name)),
    h("p", { class: "about" }, about),
    table([
      ["first cell", cube.corner.join(", ")],
      ["lowest", number(cube.min)],
      ["highest", number(cube.max)],
      ["deviation", number(cube.variance === null ? null : Math.sqrt(cube.variance))],
      ["values", numbers.whole(cube.count)],
      ["this cell", log2 > 0 ? null : special ?? number(value)],
      ["gradient", number(cell.gradient)],
    ]),
  ];
}
