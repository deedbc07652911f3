import { readTree } from "./btree1.ts";
import { readRecords } from "./btree2.ts";
import type { Dataspace } from "./dataspace.ts";
import { type Entry, readEntry } from "./entry.ts";
import { extensibleArray } from "./extensible_array.ts";
import { fixedArray } from "./fixed_array.ts";
import type { Chunked } from "./layout.ts";
import type { Reader } from "./reader.ts";

/** A chunk as stored. */
export interface Chunk extends Entry {
  /** Its first element. */
  readonly at: readonly number[];
}

const EARLY = 1;
const PLAIN = 10, FILTERED = 11;

/** How many chunks an array is cut into. */
export const chunksOf = (shape: readonly number[], chunk: readonly number[]): number =>
  shape.reduce((count, side, axis) => count * Math.ceil(side / chunk[axis]!), 1);

/** The chunks that were written, in no order. `bytes` are those of a chunk through no filter. */
export async function readChunks(
  reader: Reader,
  layout: Chunked,
  space: Dataspace,
  filtered: boolean,
  bytes: number,
): Promise<Chunk[]> {
  const { address, chunk, index } = layout;
  if (address === undefined || space.count === 0) return [];
  switch (index.kind) {
    case "single": {
      const { size = bytes, mask = 0 } = index;
      return [{ at: chunk.map(() => 0), address, size, mask }];
    }
    case "implicit":
      return numbered(layout, space, undefined, (number) => {
        return { address: address + number * bytes, size: bytes, mask: 0 };
      });
    case "fixed array": {
      const entries = await fixedArray(reader, address, bytes);
      return numbered(layout, space, undefined, (number) => entries[number]);
    }
    case "extensible array": {
      const entries = await extensibleArray(reader, address, bytes);
      const growing = space.most.indexOf(undefined);
      return numbered(layout, space, growing, (number) => entries[number]);
    }
    case "B-tree 1":
      return earlyTree(reader, address, space);
    case "B-tree 2": {
      const chunks: Chunk[] = [];
      for (const record of await readRecords(reader, address, filtered ? FILTERED : PLAIN)) {
        const entry = readEntry(record, filtered, bytes, 8 * chunk.length);
        const at = chunk.map((side) => side * record.count(8, "place of a chunk"));
        if (entry) chunks.push({ at, ...entry });
      }
      return chunks.filter(({ at }) => within(at, space));
    }
  }
}

async function earlyTree(reader: Reader, root: number, space: Dataspace): Promise<Chunk[]> {
  const rank = space.shape.length;
  const leaves = await readTree(reader, root, EARLY, 8 * (rank + 2), (node) => {
    const size = node.u32();
    const mask = node.u32();
    const at = space.shape.map(() => node.count(8, "place of a chunk"));
    node.skip(8); // the place within an element
    return { size, mask, at };
  });
  return leaves.map(({ key, child }) => ({ ...key, address: child }))
    .filter(({ at }) => within(at, space));
}

/** A data set that shrank may keep chunks outside. */
const within = (at: readonly number[], { shape }: Dataspace) =>
  at.every((start, axis) => start < shape[axis]!);

/**
 * Chunks by number: row-major through as many as the array may grow to, the axis that grows without
 * limit counted as the outermost.
 */
function numbered(
  { chunk }: Chunked,
  { shape, most }: Dataspace,
  growing: number | undefined,
  entryOf: (number: number) => Entry | undefined,
): Chunk[] {
  const axes = shape.map((_, axis) => axis);
  if (growing !== undefined) axes.unshift(...axes.splice(growing, 1));
  const counts = shape.map((side, axis) => Math.ceil(side / chunk[axis]!));
  const found: Chunk[] = [];
  const place = shape.map(() => 0);
  for (let i = chunksOf(shape, chunk); i > 0; i--) {
    const number = axes.reduce(
      (number, axis) => number * Math.ceil((most[axis] ?? 0) / chunk[axis]!) + place[axis]!,
      0,
    );
    const entry = entryOf(number);
    if (entry) found.push({ at: place.map((step, axis) => step * chunk[axis]!), ...entry });
    let axis = place.length - 1;
    while (axis >= 0 && place[axis]! + 1 === counts[axis]) place[axis--] = 0;
    if (axis >= 0) place[axis]!++;
  }
  return found;
}
