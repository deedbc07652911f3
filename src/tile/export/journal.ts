import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:fs";
import type { Entry } from "./sink.ts";

// A record a tile, in the order of the grid: offset (f64), length (u32), CRC-32 of the tile (u32),
// little-endian.
const RECORD = 16;
/** Records read at once. */
const CHUNK = 4096;

/**
 * What has been written, tile by tile, in a file: whoever goes on with an export believes it. It is
 * appended to once a tile's bytes are written, so a process that is killed leaves no more behind
 * than bytes that nobody counts.
 */
export class Journal {
  readonly #fd: number;
  #count: number;

  /** Opens or makes it. A record that was cut off is dropped. */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
    this.#count = Math.floor(Deno.statSync(path).size / RECORD);
  }

  /** Tiles in it. */
  get count(): number {
    return this.#count;
  }

  append({ offset, length, sum }: Entry): void {
    const record = new DataView(new ArrayBuffer(RECORD));
    record.setFloat64(0, offset, true);
    record.setUint32(8, length, true);
    record.setUint32(12, sum, true);
    writeAll(this.#fd, new Uint8Array(record.buffer), this.#count * RECORD);
    this.#count++;
  }

  /** Every tile in order; a few thousand are in memory at a time. */
  *entries(): Generator<Entry> {
    const view = new DataView(new ArrayBuffer(CHUNK * RECORD));
    for (let from = 0; from < this.#count; from += CHUNK) {
      const bytes = Math.min(CHUNK, this.#count - from) * RECORD;
      readSync(this.#fd, view, 0, bytes, from * RECORD);
      for (let at = 0; at < bytes; at += RECORD) {
        yield {
          offset: view.getFloat64(at, true),
          length: view.getUint32(at + 8, true),
          sum: view.getUint32(at + 12, true),
        };
      }
    }
  }

  /** Forgets everything: what it speaks of is not there. */
  clear(): void {
    ftruncateSync(this.#fd, 0);
    this.#count = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Writes all of `bytes` at that place of a file, in as many steps as the system takes. */
export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
