import { Flight } from "./flight.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";

/** Bytes worth reading in vain to save a read: what a request to a store costs, in bytes. */
const GAP = 1 << 15;
/** A merged read grows no longer than this; a single one may be longer. */
const LONGEST = 8 << 20;

interface Wanted {
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal | undefined;
  resolve(bytes: Promise<Uint8Array<ArrayBuffer>>): void;
}

/**
 * Merges reads that are asked for in the same tick and lie close together into one. Cancelling one
 * of them leaves the others be. Has no `readSync`: what need not wait gains nothing from merging.
 */
export class CoalescedSource implements Source {
  readonly #inner: Source;
  #asked: Wanted[] = [];

  constructor(inner: Source) {
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  get size(): number {
    return this.#inner.size;
  }

  get version(): string {
    return this.#inner.version;
  }

  get ref(): SourceRef {
    return this.#inner.ref;
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    return await new Promise((resolve) => {
      if (this.#asked.length === 0) queueMicrotask(() => this.#flush());
      this.#asked.push({ offset, length, signal, resolve });
    });
  }

  check(): void {
    this.#inner.check();
  }

  close(): void {
    this.#inner.close();
  }

  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const group of groups(asked)) this.#readTogether(group);
  }

  #readTogether(group: readonly Wanted[]): void {
    const start = group[0]!.offset;
    const end = endOf(group);
    const flight = new Flight((signal) => this.#inner.read(start, end - start, signal));
    for (const { offset, length, signal, resolve } of group) {
      const bytes = flight.join(signal);
      resolve(
        group.length === 1
          ? bytes
          : bytes.then((all) => all.slice(offset - start, offset - start + length)),
      );
    }
  }
}

function groups(asked: readonly Wanted[]): Wanted[][] {
  const found: Wanted[][] = [];
  for (const wanted of asked.toSorted((a, b) => a.offset - b.offset)) {
    const group = found.at(-1);
    const near = group && wanted.offset <= endOf(group) + GAP;
    if (near && wanted.offset + wanted.length - group[0]!.offset <= LONGEST) group.push(wanted);
    else found.push([wanted]);
  }
  return found;
}

const endOf = (group: readonly Wanted[]) =>
  Math.max(...group.map(({ offset, length }) => offset + length));
