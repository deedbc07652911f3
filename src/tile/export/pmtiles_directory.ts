import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

// Directories of PMTiles version 3
// (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md, 4).

/** Tiles of consecutive numbers that share their bytes; `run` 0 stands for a leaf directory. */
export interface Run {
  readonly id: number;
  readonly run: number;
  readonly offset: number;
  readonly length: number;
}

/** Columns of varints, deltas where they are short, gzipped. */
export function directory(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  const numbers = [runs.length];
  for (const [i, { id }] of runs.entries()) numbers.push(id - (runs[i - 1]?.id ?? 0));
  for (const { run } of runs) numbers.push(run);
  for (const { length } of runs) numbers.push(length);
  for (const [i, { offset }] of runs.entries()) {
    const before = runs[i - 1];
    const follows = before && before.offset + before.length === offset;
    numbers.push(follows ? 0 : offset + 1);
  }
  return new Uint8Array(gzipSync(varints(numbers)));
}

/** Seven bits a byte, the low ones first. Numbers may have 53 bits. */
function varints(numbers: readonly number[]): Buffer {
  const bytes: number[] = [];
  for (let value of numbers) {
    while (value >= 128) {
      bytes.push(value % 128 + 128);
      value = Math.floor(value / 128);
    }
    bytes.push(value);
  }
  return Buffer.from(bytes);
}

/** Runs of the tiles as they come, in the order of their numbers. */
export function* runsOf(tiles: Iterable<Omit<Run, "run">>): Generator<Run> {
  let last: Run | undefined;
  for (const tile of tiles) {
    if (last && last.offset === tile.offset && last.id + last.run === tile.id) {
      last = { ...last, run: last.run + 1 };
    } else {
      if (last) yield last;
      last = { ...tile, run: 1 };
    }
  }
  if (last) yield last;
}
