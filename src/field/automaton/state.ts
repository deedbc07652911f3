import { cellsOf, type Region, type Size } from "./region.ts";

/** What a cell of a plane is made of, in this order. */
export const FIELDS = [
  "activation mean",
  "activation variance",
  "gradient mean",
  "weight scale",
  "spectral scale",
] as const;
const GRADIENT = FIELDS.indexOf("gradient mean"), WEIGHT = FIELDS.indexOf("weight scale");

/** Numbers of a region's cells, row by row. */
export interface Numbers {
  readonly region: Region;
  readonly values: Float32Array;
}

/** The numbers of a region's cells after some steps, one array a field; nothing writes to them. */
export interface CellState {
  /** Of the plane or the volume. */
  readonly size: Size;
  readonly region: Region;
  readonly step: number;
  readonly fields: readonly Float32Array[];
  /** What rules call a cell's weight and gradient; they never change. */
  readonly weight: Numbers;
  readonly gradient: Numbers;
}

/**
 * Cells before the first step, as `FIELDS` has their numbers. Their weight scales and gradient means as
 * they are now remain imprinted as the rule's w and g, while both evolve as the other fields do.
 */
export function imprint(size: Size, region: Region, fields: readonly Float32Array[]): CellState {
  const numbers = (field: number): Numbers => ({ region, values: fields[field]! });
  return initial(size, region, fields, numbers(WEIGHT), numbers(GRADIENT));
}

/** Cells of any fields before the first step, voxels among them; the first field is their weight if none is given. */
export function initial(
  size: Size,
  region: Region,
  fields: readonly Float32Array[],
  weight: Numbers = { region, values: fields[0]! },
  gradient: Numbers = weight,
): CellState {
  for (const { region: { length }, values } of [weight, gradient]) {
    if (length !== size.length) throw new RangeError(`${length} axes instead of ${size.length}`);
    check(values, weight.region);
  }
  for (const field of fields) check(field, region);
  return { size, region, step: 0, fields, weight, gradient };
}

function check(values: Float32Array, region: Region): void {
  if (values.length >= cellsOf(region)) return;
  const size = region.map(({ count }) => count).join(" × ");
  throw new RangeError(`${size} cells are ${cellsOf(region)} values; ${values.length} are there`);
}
