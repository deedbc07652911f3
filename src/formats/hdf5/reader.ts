import type { Source } from "../../storage/source.ts";
import { malformed } from "../malformed.ts";
import { lookup3 } from "./checksum.ts";
import { Cursor, type Sizes } from "./cursor.ts";

const PAGE = 1 << 12;
/** Pages kept, those used last. */
const KEPT = 1 << 10;
/** Pages read ahead at most where reads follow one another. */
const AHEAD = 64;
/** Pages that are read at least where every read is a request over a network. */
const FAR = 4;
/** Pages between two wanted ones that are read along rather than asked for apart. */
const GAP = 8;
/** No block of headers is larger. */
const MAX_BLOCK = 1 << 24;
/** Bytes of headers that are read for each byte of the file; and for any file, at most and at least. */
const EFFORT = 64, LEAST = 1 << 24, MOST = 1 << 28;
/** What reading a block costs besides its bytes, in bytes. */
const CALL = 64;

const NOTHING: Uint8Array = new Uint8Array();

/** Where an HDF5 file lies in a source. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads blocks of headers by address, through pages: headers lie in clusters, and one read of a
 * page or more costs little more than one of a few bytes.
 */
export class Reader {
  readonly source: Source;
  readonly signal: AbortSignal | undefined;
  /** Set once the superblock is known. */
  sizes: Sizes = { offset: 8, length: 8 };
  /** Where address 0 is in the source. */
  base: number;
  readonly #end: number;
  /** By number; the one used longest ago comes first. */
  readonly #pages = new Map<number, Uint8Array>();
  /** Most blocks lie in the same page as the one before. */
  #last = { page: -1, bytes: NOTHING };
  readonly #least: number;
  #ahead: number;
  /** The page after those read last: whoever misses it reads on. */
  #next = 0;
  #effort: number;

  constructor(source: Source, place: Place, signal?: AbortSignal) {
    this.source = source;
    this.base = place.start;
    this.#end = place.end;
    this.#effort = Math.min(MOST, Math.max(LEAST, EFFORT * (place.end - place.start)));
    this.signal = signal;
    this.#ahead = this.#least = source.readSync ? 1 : FAR;
  }

  get file(): string {
    return this.source.name;
  }

  /** Bytes from address 0 to the end of the file. */
  get size(): number {
    return this.#end - this.base;
  }

  /** A block of `length` bytes. Throws `FormatError` where it does not lie inside the file. */
  async block(address: number | undefined, length: number, what: string): Promise<Cursor> {
    if (address === undefined || !(address + length <= this.size) || length > MAX_BLOCK) {
      const found = address === undefined ? "undefined" : `${length} bytes at ${address}`;
      const rule = `at most ${MAX_BLOCK} bytes, within ${this.size}`;
      throw malformed(this.file, `${what} place`, found, rule);
    }
    this.spend(length + CALL);
    const start = this.base + address;
    return new Cursor(this.file, what, await this.#bytes(start, length), start, this.sizes);
  }

  /** Counts bytes that are looked at: headers that lead to the same ones again and again end here. */
  spend(bytes: number): void {
    this.#effort -= bytes;
    if (this.#effort >= 0) return;
    throw malformed(this.file, "headers", "an endless maze", "each part named a few times");
  }

  /** A block as far as the file goes: for those that say within how long they are. */
  atMost(address: number | undefined, length: number, what: string): Promise<Cursor> {
    const room = address === undefined ? 0 : Math.max(0, this.size - address);
    return this.block(address, Math.min(length, room), what);
  }

  /** A block whose last four bytes are a checksum of the others. */
  async checked(address: number | undefined, length: number, what: string): Promise<Cursor> {
    const block = await this.block(address, length, what);
    this.verify(block);
    return block;
  }

  verify(block: Cursor): void {
    const { bytes } = block;
    if (bytes.length < 4) throw block.refuse("size", bytes.length, "at least 4 bytes");
    const end = bytes.length - 4;
    const stated = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true);
    const found = lookup3(bytes.subarray(0, end));
    if (stated !== found) throw block.refuse("checksum", found, `${stated}, as the file states`);
  }

  /** Reads the first pages of several blocks at once, before they are asked for one by one. */
  async prefetch(addresses: readonly number[]): Promise<void> {
    const pages = new Set(
      addresses.filter((address) => address < this.size)
        .map((address) => Math.floor((this.base + address) / PAGE)),
    );
    const missing = [...pages].filter((page) => !this.#pages.has(page)).sort((a, b) => a - b);
    const runs: { first: number; last: number }[] = [];
    for (const page of missing) {
      const run = runs.at(-1);
      if (run && page - run.last <= GAP) run.last = page;
      else runs.push({ first: page, last: page });
    }
    await Promise.all(
      runs.map(({ first, last }) => this.#fetch(first, Math.max(last, first + this.#least - 1))),
    );
  }

  async #bytes(start: number, length: number): Promise<Uint8Array> {
    const first = Math.floor(start / PAGE);
    const last = Math.floor((start + Math.max(length, 1) - 1) / PAGE);
    if (last - first > AHEAD) return this.source.read(start, length, this.signal);
    for (let page = first; page <= last; page++) {
      if (this.#use(page).length > 0) continue;
      this.#ahead = page === this.#next ? Math.min(AHEAD, this.#ahead * 2) : this.#least;
      this.#next = Math.max(last + 1, page + this.#ahead);
      await this.#fetch(page, this.#next - 1);
    }
    const within = start - first * PAGE;
    if (first === last) return this.#use(first).subarray(within, within + length);
    const bytes = new Uint8Array(length);
    for (let page = first; page <= last; page++) {
      const from = Math.max(start, page * PAGE);
      const part = this.#use(page).subarray(from - page * PAGE, start + length - page * PAGE);
      bytes.set(part, from - start);
    }
    return bytes;
  }

  async #fetch(first: number, last: number): Promise<void> {
    const end = Math.min((last + 1) * PAGE, this.source.size);
    const start = first * PAGE;
    if (end <= start) return;
    const bytes = await this.source.read(start, end - start, this.signal);
    for (let page = first; page * PAGE < end; page++) {
      this.#pages.set(page, bytes.slice((page - first) * PAGE, (page - first + 1) * PAGE));
    }
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= KEPT) break;
      this.#pages.delete(page);
    }
  }

  /** A page that is here, as the one used last; nothing of one that is not. */
  #use(page: number): Uint8Array {
    if (page === this.#last.page) return this.#last.bytes;
    const bytes = this.#pages.get(page);
    if (!bytes) return NOTHING;
    this.#pages.delete(page);
    this.#pages.set(page, bytes);
    this.#last = { page, bytes };
    return bytes;
  }
}
