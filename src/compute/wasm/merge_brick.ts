import { memory, octree as kernel } from "../../../assembly/build/kernels.wasm";
import { checkBrick } from "../bounds.ts";
import { limitsOf } from "../octree.ts";
import type { Brick, BrickTree, MergeRule, NodeFigures } from "../ops.ts";
import { floats, isNear, scratch } from "./memory.ts";

// The kernel's table, in words: by level where leaves and inner nodes go, counts of inner nodes and
// of absent leaves; then the largest error and the root's figures.
const [LEAVES, NODES, INNER, ABSENT, ERROR, ROOT, WORDS] = [0, 8, 16, 24, 32, 33, 39];
/** Vectors of leaves are stored whole: bytes behind each figure. */
const VECTORS = 32;
/** Bytes that a level's inner node takes: four figures, the first of its children, its mask. */
const NODE = 21;

/** Merges a brick's cells into an octree. */
export function mergeBrick(brick: Brick, levels: number, rule: MergeRule): BrickTree {
  checkBrick(brick, levels);
  const { epsilon, variance, kappa, largest } = limitsOf(rule);
  const { width, height, depth } = brick;
  const { address, pitch, slice } = locate(brick);
  const bytes = scratch(WORDS * 4).fill(0);
  const table = new Uint32Array(memory.buffer, bytes.byteOffset, WORDS);
  const numbers = new Float32Array(memory.buffer, bytes.byteOffset, WORDS);
  // Nodes of a level, all of them.
  const rooms = Array.from({ length: levels + 1 }, (_, level) => 8 ** (levels - level));
  const leaves = rooms.slice(0, levels).map((room, level) =>
    table[LEAVES + level] = scratch((room * 4 + VECTORS) * (level === 0 ? 1 : 4)).byteOffset
  );
  const nodes = rooms.map((room, level) =>
    level < 2 ? 0 : table[NODES + level] = scratch(room * NODE).byteOffset
  );
  kernel(
    ...[address, pitch * 4, slice * 4, width, height, depth, levels] as const,
    ...[bytes.byteOffset, epsilon, variance, kappa, largest] as const,
  );
  const counts = rooms.map((_, level) => level < 2 ? 0 : table[INNER + level]!);
  return {
    levels,
    root: {
      state: table[ROOT]!,
      count: numbers[ROOT + 1]!,
      mean: numbers[ROOT + 2]!,
      variance: numbers[ROOT + 3]!,
      min: numbers[ROOT + 4]!,
      max: numbers[ROOT + 5]!,
    },
    leaves: leaves.map((from, level) => {
      const count = (table[LEAVES + level]! - from) / 4;
      return figuresAt(from, rooms[level]! * 4 + VECTORS, count, level === 0 ? 0 : count);
    }),
    inner: counts.map((count, level) => figuresAt(nodes[level]!, rooms[level]! * 4, count)),
    firsts: counts.map((count, level) =>
      new Uint32Array(memory.buffer, nodes[level]! + rooms[level]! * 16, count)
    ),
    masks: counts.map((count, level) =>
      new Uint8Array(memory.buffer, nodes[level]! + rooms[level]! * 20, count)
    ),
    absent: table.slice(ABSENT, ABSENT + levels),
    error: numbers[ERROR]!,
  };
}

/** Figures that lie `step` bytes apart, those other than means of the first `others` nodes. */
function figuresAt(from: number, step: number, count: number, others = count): NodeFigures {
  const floats = (figure: number, count: number) =>
    new Float32Array(memory.buffer, from + figure * step, count);
  return {
    means: floats(0, count),
    variances: floats(1, others),
    mins: floats(2, others),
    maxs: floats(3, others),
  };
}

/** Where kernels find the cells: where they are, else a copy of the box alone. */
function locate(brick: Brick): { address: number; pitch: number; slice: number } {
  const { values, start, pitch, slice, width, height, depth } = brick;
  if (isNear(values)) return { address: values.byteOffset + start * 4, pitch, slice };
  const copy = floats(width * height * depth);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = start + z * slice + y * pitch;
      copy.set(values.subarray(from, from + width), (z * height + y) * width);
    }
  }
  return { address: copy.byteOffset, pitch: width, slice: width * height };
}
