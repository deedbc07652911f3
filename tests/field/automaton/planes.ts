import type { CellRule, VoxelTarget } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { type Edges, haloOf, type Region, wholeOf } from "../../../src/field/automaton/region.ts";
import { type CellState, FIELDS, initial } from "../../../src/field/automaton/state.ts";
import { normal } from "../../compute/samples.ts";

export const allEdges: readonly Edges[] = ["clamp", "wrap", "zero"];
export const never = () => {};

/** Where along an axis of `size` the place i is, −1 if it is nowhere. */
export function along(edges: Edges, i: number, size: number): number {
  if (edges === "wrap") return ((i % size) + size) % size;
  if (i >= 0 && i < size) return i;
  return edges === "zero" ? -1 : Math.min(size - 1, Math.max(0, i));
}

/** A plane's, or volume's, fields, and what comes of them step by step, without any bands or halos. */
export class Oracle {
  readonly fields: readonly Float32Array[];
  readonly #states: (readonly Float32Array[])[];

  constructor(
    readonly size: readonly number[],
    readonly edges: Edges,
    readonly rule: CellRule,
    seed = 1,
    fields = size.length === 2 ? 5 : 1,
  ) {
    const cells = size.reduce((a, b) => a * b);
    this.fields = Array.from({ length: fields }, (_, i) => normal(cells, seed + i, 0.6));
    this.#states = [this.fields];
  }

  /** All cells at step `t`. */
  at(t: number): readonly Float32Array[] {
    while (this.#states.length <= t) {
      this.#states.push(this.#states.at(-1)!.map((field) => this.#step(field)));
    }
    return this.#states[t]!;
  }

  /** The cells of a region at step `t`, each looked up on its own. */
  part(region: Region, t: number): Float32Array[] {
    return this.at(t).map((field) => pick(field, this.size, region, this.edges));
  }

  /** A state that has just the cells which those of a region depend on, `t` steps before. */
  state(region: Region, t: number): CellState {
    const halo = haloOf(region, t, this.size, this.edges);
    const fields = this.part(halo, 0);
    if (this.size.length === 2) {
      const numbers = (name: typeof FIELDS[number]) => {
        return { region: halo, values: fields[FIELDS.indexOf(name)]! };
      };
      return initial(
        ...[this.size, halo, fields, numbers("weight scale"), numbers("gradient mean")] as const,
      );
    }
    const numbers = { region: halo, values: fields[0]! };
    return initial(this.size, halo, fields, numbers, numbers);
  }

  whole(): CellState {
    return this.state(wholeOf(this.size), 0);
  }

  #step(field: Float32Array): Float32Array {
    const [width, height, depth] = this.size as [number, number, number?];
    const bordered = this.size.map((count) => ({ first: -1, count: count + 2 }));
    const values = pick(field, this.size, bordered, this.edges);
    const target = (values: Float32Array): VoxelTarget => {
      return { values, start: 0, pitch: width, layer: width * height };
    };
    const out = target(new Float32Array(field.length));
    const flat = depth === undefined;
    const weight = target(this.fields[flat ? 3 : 0]!),
      gradient = target(this.fields[flat ? 2 : 0]!);
    const g = this.rule.gamma === 0 ? null : gradient;
    if (flat) reference.stepCells({ values, width, height }, weight, g, this.rule, out);
    else reference.stepVoxels({ values, width, height, depth }, weight, g, this.rule, out);
    return out.values;
  }
}

function pick(
  field: Float32Array,
  size: readonly number[],
  region: Region,
  edges: Edges,
): Float32Array {
  const [x, y, z = { first: 0, count: 1 }] = region;
  const [width, height, depth = 1] = size as [number, number, number?];
  return Float32Array.from({ length: x!.count * y!.count * z.count }, (_, i) => {
    const column = along(edges, x!.first + i % x!.count, width);
    const row = along(edges, y!.first + Math.floor(i / x!.count) % y!.count, height);
    const layer = along(edges, z.first + Math.floor(i / (x!.count * y!.count)), depth);
    return Math.min(column, row, layer) < 0 ? 0 : field[(layer * height + row) * width + column]!;
  });
}
