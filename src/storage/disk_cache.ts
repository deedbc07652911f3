import { Buffer } from "node:buffer";
import { chmodSync, closeSync, constants, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { forEachSector, runs, SECTOR, type Sectors } from "./sectors.ts";

// A folder an object, a file a segment of it: checksums of the segment's sectors (u32, 0 where a
// sector is not there), then the sectors, each at its own place: the file has holes where nothing
// was fetched. A sector counts only if its checksum is right, so that neither a crash in the middle
// of a write nor another process at the same files can have wrong bytes served.
const PER_SEGMENT = 32768;
const SUMS = PER_SEGMENT * 4;
/** Open files, each with its checksums in memory. */
const HANDLES = 48;
/** Share of the limit that may be written between two looks at the folder. */
const SHARE = 1 / 16;
/** Share of the limit that is left in place when it is passed. */
const KEPT = 0.9;

interface Segment {
  readonly path: string;
  readonly fd: number;
  /** As they were when it was opened, and what was written since. */
  readonly sums: Uint32Array;
}

/**
 * Sectors of remote objects in files, within a limit of bytes on disk: segments that were used
 * longest ago go first. Any number of processes may share the folder.
 */
export class DiskCache {
  readonly #folder: string;
  readonly #limit: number;
  readonly #tell: (message: string) => void;
  /** By path; the one used longest ago comes first. */
  readonly #open = new Map<string, Segment>();
  #unseen: number;
  #tidying: Promise<void> | undefined;
  #broken = false;

  /**
   * A cache in `folder`, which is made, of up to `limit` bytes: in one folder of its own there, so
   * that nothing else is ever tidied away, which no other user may own or read. Throws the system's
   * error where it cannot be written to. `tell` hears when it stops to work later.
   */
  constructor(folder: string, limit: number, tell: (message: string) => void = console.warn) {
    this.#folder = join(folder, "sectors");
    this.#limit = limit;
    this.#tell = tell;
    this.#unseen = limit; // what lies there from earlier
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    chmodSync(this.#folder, 0o700); // which only its owner may
    const probe = join(this.#folder, `.probe-${crypto.randomUUID()}`);
    closeSync(openSync(probe, "wx"));
    Deno.removeSync(probe);
  }

  /** Sectors of the object of that name, a short one without slashes; `or` takes over on failure. */
  object(name: string, or: Sectors): Sectors {
    const folder = join(this.#folder, name);
    return {
      read: (first, into, lacking) => {
        if (this.#broken) return or.read(first, into, lacking);
        const missing = runs(lacking);
        forEachSegment(first, into, (number, from, part) => {
          this.#read(join(folder, `${number}`), from, part, (i) => {
            missing.add(number * PER_SEGMENT + i);
          });
        });
        missing.end();
      },
      write: (first, bytes) => {
        if (this.#broken) return or.write(first, bytes);
        try {
          mkdirSync(folder, { recursive: true, mode: 0o700 });
          forEachSegment(first, bytes, (number, from, part) => {
            this.#write(join(folder, `${number}`), from, part);
          });
        } catch (error) {
          this.#give(error);
          or.write(first, bytes);
        }
        this.#unseen += bytes.length;
        if (this.#unseen >= this.#limit * SHARE) this.#tidying ??= this.#tidy();
      },
    };
  }

  /** Resolves once what lies there is within the limit again. */
  async settled(): Promise<void> {
    await this.#tidying;
  }

  async close(): Promise<void> {
    this.#broken = true;
    for (const { fd } of this.#open.values()) closeSync(fd);
    this.#open.clear();
    await this.#tidying;
  }

  #read(path: string, from: number, into: Uint8Array, lacking: (sector: number) => void): void {
    const segment = this.#segment(path, constants.O_RDWR);
    const count = Math.ceil(into.length / SECTOR);
    const known = segment?.sums.subarray(from, from + count);
    if (!segment || !known?.some((sum) => sum !== 0)) {
      for (let i = 0; i < count; i++) lacking(from + i);
      return;
    }
    const got = this.#attempt(() => readSync(segment.fd, into, 0, into.length, placeOf(from))) ?? 0;
    forEachSector(into, (sector, i) => {
      const there = (i + 1) * SECTOR <= got || i * SECTOR + sector.length <= got;
      if (!there || known[i] === 0 || known[i] !== sumOf(sector)) lacking(from + i);
    });
  }

  #write(path: string, from: number, bytes: Uint8Array): void {
    const segment = this.#segment(path, constants.O_RDWR | constants.O_CREAT);
    if (!segment) return;
    const sums = new Uint32Array(Math.ceil(bytes.length / SECTOR));
    forEachSector(bytes, (sector, i) => sums[i] = sumOf(sector));
    writeAll(segment.fd, bytes, placeOf(from));
    writeAll(segment.fd, new Uint8Array(sums.buffer), from * 4);
    segment.sums.set(sums, from);
  }

  /** The segment at a path, opened if it is not; undefined where it does not exist. */
  #segment(path: string, flags: number): Segment | undefined {
    const known = this.#open.get(path);
    if (known) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    const fd = this.#attempt(
      () => openSync(path, flags, 0o600),
      flags & constants.O_CREAT ? [] : ["ENOENT"],
    );
    if (fd === undefined) return undefined;
    const sums = new Uint32Array(PER_SEGMENT);
    this.#attempt(() => readSync(fd, new Uint8Array(sums.buffer), 0, SUMS, 0));
    for (const [oldest, segment] of this.#open) {
      if (this.#open.size < HANDLES) break;
      closeSync(segment.fd);
      this.#open.delete(oldest);
    }
    const segment = { path, fd, sums };
    this.#open.set(path, segment);
    const now = new Date();
    this.#attempt(() => Deno.utimeSync(path, now, now), ["ENOENT"]);
    return segment;
  }

  #attempt<T>(work: () => T, expected: readonly string[] = []): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (!expected.includes(code)) this.#give(error);
      return undefined;
    }
  }

  /** Goes on without the disk: full, read-only, gone. */
  #give(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#tell(`remote models are kept in memory alone, ${this.#folder} fails: ${reason}`);
  }

  async #tidy(): Promise<void> {
    this.#unseen = 0;
    try {
      const found = await segments(this.#folder);
      let held = found.reduce((sum, { bytes }) => sum + bytes, 0);
      if (held <= this.#limit) return;
      for (const { path, bytes } of found.sort((a, b) => a.used - b.used)) {
        if (held <= this.#limit * KEPT) break;
        const segment = this.#open.get(path);
        if (segment) closeSync(segment.fd);
        this.#open.delete(path);
        await removed(path);
        held -= bytes;
      }
    } catch (error) {
      this.#give(error);
    } finally {
      this.#tidying = undefined;
    }
  }
}

const placeOf = (sector: number): number => SUMS + sector * SECTOR;

/** Checksum of a sector; never 0, which stands for none. */
const sumOf = (sector: Uint8Array): number =>
  crc32(Buffer.from(sector.buffer, sector.byteOffset, sector.length)) || 1;

function forEachSegment(
  first: number,
  bytes: Uint8Array,
  visit: (segment: number, sector: number, part: Uint8Array) => void,
): void {
  for (let at = 0; at < bytes.length;) {
    const sector = first + at / SECTOR;
    const inside = sector % PER_SEGMENT;
    const part = bytes.subarray(at, at + (PER_SEGMENT - inside) * SECTOR);
    visit(Math.floor(sector / PER_SEGMENT), inside, part);
    at += part.length;
  }
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

/** Every segment in the folder, with its bytes on disk and when it was used last. */
async function segments(folder: string) {
  const found: { path: string; bytes: number; used: number }[] = [];
  for await (const object of Deno.readDir(folder)) {
    if (!object.isDirectory) continue;
    for await (const { name } of Deno.readDir(join(folder, object.name))) {
      if (!/^\d+$/.test(name)) continue;
      const path = join(folder, object.name, name);
      const info = await Deno.stat(path).catch(orGone);
      if (info?.isFile) {
        // Blocks of 512 bytes: what a file with holes takes. Windows does not tell.
        const bytes = info.blocks === null ? info.size : info.blocks * 512;
        found.push({ path, bytes, used: info.mtime?.getTime() ?? 0 });
      }
    }
  }
  return found;
}

/** Another process may have been there first. */
const removed = (path: string) => Deno.remove(path).catch(orGone);

function orGone(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
