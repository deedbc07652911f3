import type { Ops, VoxelTarget } from "../../compute/ops.ts";
import { copyRegion, fillBorder, frameOf, placeOf, targetIn } from "./border.ts";
import { before, cellsOf, type Region } from "./region.ts";
import type { Automaton } from "./rule.ts";
import type { CellState, Numbers } from "./state.ts";

/**
 * Takes the cells of a block `steps` further, from one state into the fields of another: in scratch, a
 * ring of cells fewer at each step.
 */
export function stepBlock(
  { ops, rule, edges }: Automaton,
  from: CellState,
  to: CellState,
  block: Region,
  steps: number,
): void {
  const { size } = from, { reach, closes = false } = rule;
  // What is known after each step, the block last.
  const regions = [block];
  for (let i = 0; i < steps; i++) regions.unshift(before(regions[0]!, size, edges, reach));
  const first = regions[1]!;
  const frames = regions.slice(1).map((region) => frameOf(region, size, edges, reach, closes));
  // Later ones may have a border that the first has not.
  const room = Math.max(...frames.map(({ counts }) => counts.reduce((a, b) => a * b)));

  ops.frame(() => {
    const weight = near(from.weight), gradient = rule.driven ? near(from.gradient) : null;
    for (const group of rule.groups) {
      ops.frame(() => {
        let next = group.map(() => floats(ops, room));
        let now = group.map((field) => {
          const numbers = { region: from.region, values: from.fields[field]! };
          return frameCells(numbers, room);
        });
        for (const [i, frame] of frames.entries()) {
          for (const values of now) fillBorder(values, frame, size, edges);
          const { region, counts, margins } = frame, following = frames[i + 1];
          const moment = {
            step: from.step + i,
            size,
            edges,
            weight: within(weight, first, region),
            gradient: gradient && within(gradient, first, region),
          };
          const out = following
            ? next.map((values) => targetIn(values, following))
            : group.map((field) => within(rowsOf(to.fields[field]!, to.region), to.region, block));
          const ends = margins[0] === 0 ? edges : undefined;
          rule.step(ops, { fields: now, region, counts, ends }, moment, out);
          [now, next] = [next, now];
        }
      });
    }

    function frameCells(numbers: Numbers, room: number): Float32Array {
      const values = floats(ops, room + 1);
      // Shared memory is copied in words of two cells where both sides begin alike.
      const even = values.subarray(0, room), odd = values.subarray(1);
      const source = placeOf(numbers, regions[0]!, size, edges);
      const inFrame = targetIn(even, frames[0]!).start;
      const target = targetIn(source % 2 === inFrame % 2 ? even : odd, frames[0]!);
      copyRegion(numbers, regions[0]!, size, edges, target);
      return target.values;
    }

    function near(numbers: Numbers): VoxelTarget {
      const target = rowsOf(floats(ops, cellsOf(first)), first);
      copyRegion(numbers, first, size, edges, target);
      return target;
    }
  });
}

function floats(ops: Ops, length: number): Float32Array {
  const { buffer, byteOffset } = ops.scratch(length * 4);
  return new Float32Array(buffer, byteOffset, length);
}

/** A region's cells, row by row. */
function rowsOf(values: Float32Array, [x, y]: Region): VoxelTarget {
  return { values, start: 0, pitch: x!.count, layer: x!.count * y!.count };
}

/** The part of an outer region's cells that an inner one is. */
function within(target: VoxelTarget, outer: Region, inner: Region): VoxelTarget {
  const [x, y, z = 0] = inner.map(({ first }, axis) => first - outer[axis]!.first);
  const start = target.start + z * target.layer + y! * target.pitch + x!;
  return { ...target, start };
}
