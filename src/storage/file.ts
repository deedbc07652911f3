import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { resolve } from "node:path";
import { Changed, Unreadable } from "../errors.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";
import { fingerprint } from "./version.ts";

/** Bytes at the start of a file that take part in its version. */
const HEAD = 1 << 16;
/** Up to here a synchronous read costs less than the way to a thread and back. */
const SYNC = 1 << 20;
/** Longer reads go in pieces, so that cancelling one stops it within a few milliseconds. */
const PIECE = 8 << 20;

/** What tells one state of a file from another. */
interface Stamp {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  /** Modification time in milliseconds. */
  readonly mtime: number;
}

/**
 * A file on a local disk, opened once and read by position. The open handle also keeps the inode
 * number from being given to the file's replacement, so `check` cannot mistake one for the other.
 * Throws `Unreadable` where the path is missing, forbidden or no regular file.
 */
export class FileSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly ref: SourceRef & { readonly kind: "file" };
  readonly #fd: number;
  readonly #opened: Stamp;
  #reading = 0;
  #closed = false;

  constructor(path: string) {
    this.name = path;
    const absolute = resolve(path);
    this.#fd = openRegular(absolute);
    const { dev, ino, size, mtimeMs } = fstatSync(this.#fd);
    this.#opened = { dev, ino, size, mtime: Math.trunc(mtimeMs) };
    this.size = size;
    const head = new Uint8Array(Math.min(size, HEAD));
    try {
      this.readSync(0, head);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.version = fingerprint(size, this.#opened.mtime, head);
    this.ref = { kind: "file", path: absolute, version: this.version };
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    const into = new Uint8Array(length);
    if (length <= SYNC) {
      this.readSync(offset, into);
      return into;
    }
    this.#reading++;
    try {
      for (let done = 0; done < length;) {
        this.#assertOpen();
        const got = await this.#piece(into, done, Math.min(PIECE, length - done), offset + done);
        signal?.throwIfAborted();
        if (got === 0) this.#endedAt(offset + done, offset + length);
        done += got;
      }
    } finally {
      this.#reading--;
      this.#release();
    }
    return into;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    checkSpan(this, offset, into.length);
    this.#assertOpen();
    for (let done = 0; done < into.length;) {
      const got = this.#attempt(() =>
        readSync(this.#fd, into, done, into.length - done, offset + done)
      );
      if (got === 0) this.#endedAt(offset + done, offset + into.length);
      done += got;
    }
    return true;
  }

  check(): void {
    let now: Stamp;
    try {
      // A quarter of the cost of node:fs's stat, and it runs before every tile.
      const { dev, ino, size, mtime } = Deno.statSync(this.ref.path);
      now = { dev, ino: ino ?? 0, size, mtime: mtime?.getTime() ?? 0 };
    } catch (cause) {
      throw new Changed(`${this.name} is gone since it was opened`, { file: this.name }, cause);
    }
    const differs = (Object.keys(now) as (keyof Stamp)[])
      .filter((field) => now[field] !== this.#opened[field]);
    if (differs.length === 0) return;
    const what = differs.map((field) => `${field} ${this.#opened[field]} → ${now[field]}`);
    throw new Changed(`${this.name} has changed since it was opened: ${what.join(", ")}`, {
      file: this.name,
      opened: this.#opened,
      now,
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
  }

  /** The handle goes back once nobody reads: its number may be another file's a moment later. */
  #release(): void {
    if (this.#closed && this.#reading === 0) closeSync(this.#fd);
  }

  #assertOpen(): void {
    if (this.#closed) throw new Changed(`${this.name} was closed`, { file: this.name });
  }

  #piece(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return new Promise((done, fail) =>
      read(
        this.#fd,
        into,
        start,
        length,
        position,
        (error, got) => error ? fail(unreadable(this.name, error)) : done(got),
      )
    );
  }

  #attempt(work: () => number): number {
    try {
      return work();
    } catch (error) {
      throw unreadable(this.name, error);
    }
  }

  #endedAt(found: number, expected: number): never {
    throw new Changed(
      `${this.name} ends at byte ${found}, but had ${this.size} bytes when it was opened; ` +
        `a read needs bytes up to ${expected}`,
      { file: this.name, found, expected: this.size },
    );
  }
}

/** Opens what is a regular file: opening a pipe would wait for a writer. */
function openRegular(path: string): number {
  try {
    if (Deno.statSync(path).isFile) return openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new Unreadable(`${path} is no regular file`, { file: path });
}

function unreadable(name: string, cause: unknown): Unreadable {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Unreadable(`${name} cannot be read: ${reason}`, { file: name }, cause);
}
