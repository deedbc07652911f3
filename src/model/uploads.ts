import { basename, join, resolve, sep } from "node:path";
import { BadRequest, OutOfSpace, TooLarge } from "../errors.ts";
import { stem } from "./find.ts";

/** A file of an upload, its bytes still on their way. */
export interface Incoming {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Files of one upload: the shards of a very large model. */
const MAX_FILES = 1000;
const INCOMING = ".incoming-";
/** Milliseconds after which what a process left half received is nobody's any more. */
const STALE = 24 * 3600 * 1000;

/** A folder that receives models: each upload becomes a folder in it, whole or not at all. */
export class Uploads {
  readonly folder: string;
  readonly #limit: number;
  readonly #pause: number;

  /**
   * `limit` is in bytes an upload, `pause` in milliseconds between two pieces of one. Makes the
   * folder where it is missing.
   */
  constructor(folder: string, limit: number, pause = 60_000) {
    this.folder = resolve(folder);
    this.#limit = limit;
    this.#pause = pause;
    Deno.mkdirSync(this.folder, { recursive: true });
    this.#clean();
  }

  /** Whether a path lies in the folder, and so belongs to an upload. */
  holds(path: string): boolean {
    return resolve(path).startsWith(this.folder + sep);
  }

  /**
   * Streams files to disk. `accept` is given the path to open, of the file or of the folder of
   * several; where it throws, or anything else does, nothing is kept. Throws `TooLarge`,
   * `BadRequest` for names that are none, `OutOfSpace`.
   */
  async receive<T>(
    files: AsyncIterable<Incoming>,
    accept: (path: string) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const incoming = join(this.folder, INCOMING + crypto.randomUUID());
    Deno.mkdirSync(incoming);
    let place = incoming;
    try {
      const names = await this.#write(incoming, files, signal);
      const [first] = names;
      if (!first) throw new BadRequest("the upload holds no file", { expected: "a model file" });
      const home = this.#unused(stem(first));
      Deno.renameSync(incoming, home);
      place = home;
      return await accept(names.size === 1 ? join(place, first) : place);
    } catch (error) {
      discard(place);
      throw isDiskFull(error) ? diskFull(error) : error;
    }
  }

  /** Removes the upload that a path belongs to. */
  remove(path: string): void {
    const [top = ""] = resolve(path).slice(this.folder.length + 1).split(sep);
    if (this.holds(path)) discard(join(this.folder, top));
  }

  /** The most bytes an upload may have. Throws `TooLarge` for one that says it has more. */
  checkLength(length: number): void {
    if (length <= this.#limit) return;
    throw new TooLarge(
      `an upload of ${length} bytes is more than the ${this.#limit} allowed`,
      { found: length, expected: this.#limit },
    );
  }

  async #write(
    folder: string,
    files: AsyncIterable<Incoming>,
    signal: AbortSignal | undefined,
  ): Promise<Set<string>> {
    const names = new Set<string>(), taken = new Set<string>();
    let total = 0;
    for await (const { name, bytes } of files) {
      checkName(name);
      // As file systems tell names apart that know no case, or compose their accents.
      const plain = name.normalize().toLowerCase();
      if (taken.has(plain) || names.size === MAX_FILES) {
        const found = taken.has(plain) ? `"${name}" twice` : `more than ${MAX_FILES} files`;
        throw new BadRequest(`the upload holds ${found}`, { found });
      }
      taken.add(plain);
      names.add(name);
      using file = Deno.openSync(join(folder, name), { write: true, createNew: true });
      for await (const chunk of steady(bytes, this.#pause)) {
        signal?.throwIfAborted();
        this.checkLength(total += chunk.length);
        for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
      }
    }
    return names;
  }

  #unused(stem: string): string {
    for (let n = 1;; n++) {
      const path = join(this.folder, n === 1 ? stem : `${stem}-${n}`);
      if (!exists(path)) return path;
    }
  }

  #clean(): void {
    for (const { name } of Deno.readDirSync(this.folder)) {
      const path = join(this.folder, name);
      const stale = () => Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0) > STALE;
      if (name.startsWith(INCOMING) && stale()) Deno.removeSync(path, { recursive: true });
    }
  }
}

/** The same chunks; throws `BadRequest` where one lets wait for longer than `pause` milliseconds. */
async function* steady(
  chunks: AsyncIterable<Uint8Array>,
  pause: number,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const sentence = `the upload stood still for ${pause / 1000} s: it was given up`;
        late.reject(new BadRequest(sentence, { expected: `bytes at least every ${pause} ms` }));
      }, pause);
      try {
        const { value, done } = await Promise.race([source.next(), late.promise]);
        if (done) return;
        yield value;
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    // Not waited for: what stands still may never answer.
    source.return?.().catch(() => {});
  }
}

function checkName(name: string): void {
  const bytes = new TextEncoder().encode(name).length;
  // deno-lint-ignore no-control-regex -- they are what is looked for
  const wrong = /[\x00-\x1f/\\]/.test(name) || name.startsWith(".") || name !== basename(name);
  if (!wrong && bytes > 0 && bytes <= 200) return;
  throw new BadRequest(
    `${JSON.stringify(name.slice(0, 80))} is no name of a file: 1 to 200 bytes without slashes, ` +
      "and no dot at the start",
    { parameter: "name", found: name.slice(0, 80) },
  );
}

/** Removes a folder; somebody else may have been there first. */
function discard(folder: string): void {
  if (exists(folder)) Deno.removeSync(folder, { recursive: true });
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOSPC";

const diskFull = (cause: unknown) =>
  new OutOfSpace("the disk is full: the upload was not kept", {}, cause);
