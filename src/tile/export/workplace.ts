import { join } from "node:path";
import { BadRequest } from "../../errors.ts";
import { isThere } from "./disk.ts";
import { Journal } from "./journal.ts";

const MANIFEST = "manifest.json";
const JOURNAL = "journal";

/** What an export is of: one that was interrupted goes on only if all of it is the same. */
export type Identity = Readonly<Record<string, string | number>>;

/**
 * The folder beside an output in which it grows, `OUT.part`, for one process at a time: nobody finds
 * half an export, and one that was interrupted is found by the next.
 */
export class Workplace {
  readonly #folder: string;
  readonly #manifest: Deno.FsFile;
  readonly journal: Journal;
  #closed = false;

  /**
   * Claims the folder, which is made where it is missing. What it holds of another picture is thrown
   * away with `force`. Throws `BadRequest` otherwise, and where another process is at work in it.
   */
  constructor(out: string, identity: Identity, force: boolean) {
    this.#folder = `${out}.part`;
    // Not with folders above it: a misspelt one is better told.
    if (!isThere(this.#folder)) Deno.mkdirSync(this.#folder);
    const path = this.path(MANIFEST);
    this.#manifest = Deno.openSync(path, { read: true, write: true, create: true });
    try {
      if (!this.#manifest.tryLockSync(true)) {
        throw new BadRequest(`another process is at work in ${this.#folder}`);
      }
      const before = Deno.readTextFileSync(path);
      const now = JSON.stringify(identity, null, 2);
      if (before !== now) {
        // One that was killed before it wrote a word left nothing else either.
        if (before !== "" && !force) throw refusal(this.#folder, before, identity);
        for (const { name } of Deno.readDirSync(this.#folder)) {
          if (name !== MANIFEST) Deno.removeSync(this.path(name), { recursive: true });
        }
        Deno.writeTextFileSync(path, now);
      }
      this.journal = new Journal(this.path(JOURNAL));
    } catch (error) {
      this.#manifest.close();
      throw error;
    }
  }

  /** Of something in the folder. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Removes the folder: what grew there has been moved to its place. */
  clear(): void {
    this.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** Leaves the folder to the next. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.journal.close();
    this.#manifest.close();
  }
}

function refusal(folder: string, before: string, now: Identity): BadRequest {
  const differences = Object.entries({ ...parsed(before), ...now }).flatMap(([key]) => {
    const [then, today] = [parsed(before)[key], now[key]].map((value) => JSON.stringify(value));
    return then === today ? [] : `${key} was ${then} and is ${today}`;
  });
  const what = differences.length > 0 ? differences.join(", ") : "its manifest cannot be read";
  return new BadRequest(
    `${folder} holds another export that was not finished: ${what}; --force begins anew`,
    { parameter: "force", found: parsed(before), expected: now },
  );
}

function parsed(manifest: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(manifest));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
