import { crc32c } from "../../compute/wasm/crc32c.ts";
import { frame, scratch } from "../../compute/wasm/memory.ts";
import type { Rect } from "../cells.ts";
import { openFile, readAt, writePieces } from "./files.ts";

// A shard, as Zarr v3 has it: chunks one after the other, each behind itself its CRC-32C, then where
// each of them is, and the CRC-32C of that. Chunks that hold nothing but the fill value are left out.
// https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed

const CRC = 4;
/** Offset and length of a chunk. */
const ENTRY = 16;
const NOWHERE = 2n ** 64n - 1n;
/** Bytes written or read at once. */
const BUFFER = 1 << 20;

/** What a shard has room for. */
export interface ShardShape {
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** Numbers of 32 bits in a chunk. */
  readonly entries: number;
}

/** A chunk's place in its shard. */
export interface ChunkPlace {
  readonly channel: number;
  readonly x: number;
  readonly y: number;
}

/**
 * Writes a shard, whole or not at all; none where no chunk is worth writing. `make` fills a chunk's
 * entries and says whether it is. Chunks of a place lie together, so that one read gets them all.
 */
export function writeShard(
  path: string,
  shape: ShardShape,
  make: (place: ChunkPlace, entries: Uint32Array) => boolean,
): void {
  frame(() => writePieces(path, pieces(shape, make)));
}

function* pieces(
  shape: ShardShape,
  make: (place: ChunkPlace, entries: Uint32Array) => boolean,
): Generator<Uint8Array> {
  const { entries } = shape;
  const index = scratch(indexBytes(shape));
  const offsets = offsetsIn(index).fill(NOWHERE);
  const size = entries * 4 + CRC;
  const buffer = scratch(bufferBytes(size));
  let filled = 0, before = 0;
  for (const place of places(shape, { x: 0, y: 0, width: shape.width, height: shape.height })) {
    if (filled === buffer.length) {
      yield buffer;
      before += filled;
      filled = 0;
    }
    const chunk = buffer.subarray(filled, filled + size);
    const words = new Uint32Array(chunk.buffer, chunk.byteOffset, entries + 1);
    if (!make(place, words.subarray(0, entries))) continue;
    words[entries] = crc32c(chunk.subarray(0, -CRC));
    offsets.set([BigInt(before + filled), BigInt(size)], 2 * numberOf(shape, place));
    filled += size;
  }
  if (before + filled === 0) return;
  yield buffer.subarray(0, filled);
  const sum = new DataView(index.buffer, index.byteOffset, index.length);
  sum.setUint32(index.length - CRC, crc32c(index.subarray(0, -CRC)), true);
  yield index;
}

/**
 * Visits the chunks of a rectangle of places: null where one, or the whole shard, was not written.
 * What is not as it was written is told by `damaged`, whose error is thrown.
 */
export function readShard(
  path: string,
  shape: ShardShape,
  part: Rect,
  visit: (place: ChunkPlace, entries: Uint32Array | null) => void,
  damaged: (reason: string) => Error,
): void {
  const file = openFile(path);
  if (!file) {
    for (const place of places(shape, part)) visit(place, null);
    return;
  }
  const read = (bytes: Uint8Array, from: number) => {
    if (!readAt(path, file, from, bytes)) throw damaged(`it has no ${bytes.length} bytes there`);
    return bytes;
  };
  try {
    frame(() => {
      const index = scratch(indexBytes(shape));
      checkSum(read(index, -index.length), damaged);
      const offsets = offsetsIn(index);
      const size = shape.entries * 4 + CRC;
      const buffer = scratch(bufferBytes(size));
      for (const { start, places } of runs(shape, part, offsets, buffer.length)) {
        if (start === NOWHERE) {
          for (const place of places) visit(place, null);
          continue;
        }
        const bytes = read(buffer.subarray(0, places.length * size), Number(start));
        for (const [i, place] of places.entries()) {
          const chunk = bytes.subarray(i * size, (i + 1) * size);
          checkSum(chunk, damaged);
          visit(place, new Uint32Array(chunk.buffer, chunk.byteOffset, shape.entries));
        }
      }
    });
  } finally {
    file.close();
  }
}

/** Chunks that follow each other on disk, as many as can be read at once, or that are nowhere. */
interface Run {
  readonly start: bigint;
  readonly places: ChunkPlace[];
}

function* runs(
  shape: ShardShape,
  part: Rect,
  offsets: BigUint64Array,
  most: number,
): Generator<Run> {
  const size = shape.entries * 4 + CRC;
  let run: Run | null = null;
  for (const place of places(shape, part)) {
    const start = offsets[2 * numberOf(shape, place)]!;
    const bytes: number = run && run.start !== NOWHERE ? run.places.length * size : 0;
    if (run && start === run.start + BigInt(bytes) && bytes + size <= most) run.places.push(place);
    else {
      if (run) yield run;
      run = { start, places: [place] };
    }
  }
  if (run) yield run;
}

function checkSum(bytes: Uint8Array, damaged: (reason: string) => Error): void {
  const sum = crc32c(bytes.subarray(0, -CRC));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stored = view.getUint32(bytes.length - CRC, true);
  if (sum === stored) return;
  const [is, was] = [sum, stored].map((crc) => crc.toString(16).padStart(8, "0"));
  throw damaged(`a checksum is ${is}, ${was} was stored`);
}

/** Room for some chunks of that size, one at least. */
const bufferBytes = (size: number) => Math.max(1, Math.floor(BUFFER / size)) * size;

const indexBytes = ({ channels, width, height }: ShardShape) =>
  channels * width * height * ENTRY + CRC;

const offsetsIn = ({ buffer, byteOffset, length }: Uint8Array) =>
  new BigUint64Array(buffer, byteOffset, (length - CRC) / (ENTRY / 2));

/** In the order of the index. */
const numberOf = ({ width, height }: ShardShape, { channel, x, y }: ChunkPlace) =>
  (channel * height + y) * width + x;

/** In the order on disk. */
function* places(
  { channels }: ShardShape,
  { x, y, width, height }: Rect,
): Generator<ChunkPlace> {
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      for (let channel = 0; channel < channels; channel++) yield { channel, x: column, y: row };
    }
  }
}
