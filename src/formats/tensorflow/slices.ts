import type { Piece, SourceRef } from "../../storage/source.ts";
import { elementCount } from "../format.ts";
import { type Refuse, show } from "../malformed.ts";
import type { BundleEntry, Slice } from "./bundle.ts";

/** Slices of a variable that is split along several axes: each pair of them is compared. */
const MAX_TILES = 256;

/** Where bytes lie: how `TensorInfo` says it. */
export interface Place {
  readonly source: SourceRef;
  readonly offset: number;
}

/** A slice as a box of the whole, and the key of its own entry. */
export interface Part {
  readonly key: string;
  readonly at: readonly number[];
  readonly shape: readonly number[];
}

/**
 * The slices of a partitioned variable as boxes. Throws what `refuse` makes for boxes that do not
 * lie in the whole or do not cover each of its elements once.
 */
export function partsOf(key: string, whole: BundleEntry, refuse: Refuse): Part[] {
  const parts = whole.slices.map((slice): Part => {
    const rank = whole.shape.length;
    if (slice.length !== rank) throw refuse(`a slice of ${slice.length} axes`, `${rank} axes`);
    const at = slice.map(({ start }) => start);
    const shape = slice.map(({ start, length }, axis) =>
      length === -1 ? whole.shape[axis]! - start : length
    );
    const inside = shape.every((side, axis) =>
      at[axis]! >= 0 && side >= 0 && at[axis]! + side <= whole.shape[axis]!
    );
    if (inside) return { key: sliceKey(key, slice), at, shape };
    throw refuse(`a slice [${shape}] at [${at}]`, `one inside [${show(whole.shape)}]`);
  }).filter(({ shape }) => elementCount(shape) > 0);
  const covered = parts.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (covered !== whole.count || overlap(parts, whole.shape)) {
    throw refuse(`slices of ${covered} elements`, `each of ${whole.count} elements once`);
  }
  return parts;
}

/** The whole, put together: one span where slices of the first axis follow each other in one file. */
export function assemble(
  name: string,
  whole: BundleEntry,
  itemBytes: number,
  pieces: readonly Piece[],
): Place {
  const sorted = pieces.toSorted((a, b) => (a.at[0] ?? 0) - (b.at[0] ?? 0));
  const [first] = sorted;
  if (!first) return { source: { kind: "memory", name, bytes: new Uint8Array() }, offset: 0 };
  let end = first.offset;
  const joined = sorted.every(({ shape, source, offset }) => {
    const follows = source === first.source && offset === end &&
      shape.every((side, axis) => axis === 0 || side === whole.shape[axis]);
    end = offset + elementCount(shape) * itemBytes;
    return follows;
  });
  if (joined) return { source: first.source, offset: first.offset };
  const { shape } = whole;
  return { source: { kind: "assembled", name, shape, itemBytes, pieces }, offset: 0 };
}

function overlap(parts: readonly Part[], whole: readonly number[]): boolean {
  const split = whole.flatMap((side, axis) =>
    parts.some(({ shape }) => shape[axis] !== side) ? axis : []
  );
  if (split.length > 1 && parts.length > MAX_TILES) return true;
  // Sorted along one axis, neighbours tell; along several, each pair has to be looked at.
  const sorted = parts.toSorted((a, b) => (a.at[split[0]!] ?? 0) - (b.at[split[0]!] ?? 0));
  return sorted.some((part, i) =>
    (split.length > 1 ? sorted.slice(0, i) : sorted.slice(Math.max(0, i - 1), i))
      .some((before) =>
        part.at.every((start, axis) =>
          start < before.at[axis]! + before.shape[axis]! &&
          before.at[axis]! < start + part.shape[axis]!
        )
      )
  );
}

// Keys of slices sort as what they say: the number 0, the tensor's key, the number of axes, start
// and length of each, in TensorFlow's ordered code:
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/strings/ordered_code.cc

/** Whether a key is of a slice. */
export const isSliceKey = (key: string): boolean => key.startsWith("\0");

/** The key of a slice's own entry; one character a byte. */
export function sliceKey(key: string, slice: Slice): string {
  const extents = slice.map(({ start, length }) => signed(start) + signed(length));
  return `\0${text(key)}\x01${String.fromCharCode(slice.length)}${extents.join("")}`;
}

const text = (key: string) =>
  `${key.replace(/[\0\xff]/g, (byte) => byte === "\0" ? "\0\xff" : "\xff\0")}\0\x01`;

/** A signed number: its first bits say how many bytes it takes, 7 bits in each. */
function signed(value: number): string {
  const magnitude = value < 0 ? -1 - value : value;
  let length = 1;
  while (magnitude >= 2 ** (7 * length - 1)) length++;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--) {
    bytes[i] = ((rest % 256) + 256) % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0]! ^= 0xff00 >> length & 0xff;
  return String.fromCharCode(...bytes);
}
