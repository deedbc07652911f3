import { cellsOf, type Region, type Size } from "./region.ts";

/** What a cell of a plane is made of, in this order. */
export const FIELDS = [
  "activation mean",
  "activation variance",
  "gradient mean",
  "weight scale",
  "spectral scale",
] as const;

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
 * Cells of any fields before the first step, voxels among them. What rules call their weights and gradients
 * remains as it is while fields evolve; the first field is their weight, and that their gradient, if none
 * is given.
 */
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
