import { DecodedSource } from "./decoded.ts";
import { type Box, boxesOf, copyBox, PieceIndex, placeIn, shared } from "./pieces.ts";
import { elementCount } from "./shape.ts";
import type { Piece, Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";
import { fingerprint } from "./version.ts";

/** Bytes of pieces that one source keeps. */
export const KEPT = 32 << 20;
/** Smaller pieces are read whole and kept; of larger ones only what is asked for is read. */
const SMALL = 1 << 18;

type AssembledRef = SourceRef & { readonly kind: "assembled" };

/** A box of a piece that a span wants, and where it goes there. */
interface Part {
  readonly number: number;
  /** Its elements, as an index into the whole. */
  readonly box: Box;
}

/** The elements that a span covers, not necessarily from their first to their last byte. */
interface Target {
  readonly bytes: Uint8Array;
  /** The first element in `bytes`, counted in the whole. */
  readonly first: number;
}

/**
 * A row-major array put together of pieces; elements that no piece covers are zeros. Reads only
 * the pieces that a span touches, and keeps those used last. Sources that pieces share are opened
 * once. `RangeError` comes from a piece that does not lie inside its source.
 */
export class AssembledSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly ref: AssembledRef;
  readonly readSync?: (offset: number, into: Uint8Array) => boolean;
  /** A scalar counts as one axis of one element. */
  readonly #shape: readonly number[];
  readonly #pieces: readonly Piece[];
  readonly #index: PieceIndex;
  readonly #sources = new Map<unknown, Source>();
  /** By number; the piece used longest ago comes first. */
  readonly #kept = new Map<number, Uint8Array>();
  readonly #coming = new Map<number, Promise<Uint8Array>>();
  #held = 0;
  #version: string | undefined;

  /** `open` opens what the pieces lie in. */
  constructor(ref: AssembledRef, open: (ref: SourceRef) => Source) {
    this.ref = ref;
    this.name = ref.name;
    const scalar = ref.shape.length === 0;
    this.#shape = scalar ? [1] : ref.shape;
    this.#pieces = scalar
      ? ref.pieces.map((piece) => ({ ...piece, at: [0], shape: [1] }))
      : ref.pieces;
    this.size = elementCount(this.#shape) * ref.itemBytes;
    this.#index = new PieceIndex(this.#shape.length, this.#pieces);
    for (const { source } of this.#pieces) {
      const home = homeOf(source);
      if (!this.#sources.has(keyOf(home))) this.#sources.set(keyOf(home), open(home));
    }
    if ([...this.#sources.values()].every((source) => source.readSync)) {
      this.readSync = (offset, into) => this.#readSync(offset, into);
    }
  }

  get version(): string {
    return this.#version ??= fingerprint(
      ...[...this.#sources.values()].map(({ version }) => version),
      JSON.stringify(this.ref, (key, value) => key === "from" || key === "bytes" ? 0 : value),
    );
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    const target = this.#target(offset, length);
    for (const part of this.#parts(offset, length)) {
      const { start, end } = this.#extent(part);
      const bytes = this.#isKept(part.number)
        ? (await this.#piece(part.number)).subarray(start, end)
        : await this.#home(part.number).read(
          this.#pieces[part.number]!.offset + start,
          end - start,
          signal,
        );
      signal?.throwIfAborted();
      this.#place(part, bytes, target);
    }
    return target.bytes.slice(...this.#trim(offset, length));
  }

  check(): void {
    for (const source of this.#sources.values()) source.check();
  }

  close(): void {
    this.#kept.clear();
    this.#held = 0;
    for (const source of this.#sources.values()) source.close();
  }

  /** Goes on where a piece has to be fetched first, so that its source notes all that is missing. */
  #readSync(offset: number, into: Uint8Array): boolean {
    checkSpan(this, offset, into.length);
    const target = this.#target(offset, into.length);
    let ready = true;
    for (const part of this.#parts(offset, into.length)) {
      const { start, end } = this.#extent(part);
      const bytes = this.#isKept(part.number)
        ? this.#pieceSync(part.number)?.subarray(start, end)
        : readNow(
          this.#home(part.number),
          this.#pieces[part.number]!.offset + start,
          end - start,
        );
      if (bytes && ready) this.#place(part, bytes, target);
      else ready = false;
    }
    if (ready) into.set(target.bytes.subarray(...this.#trim(offset, into.length)));
    else into.fill(0);
    return ready;
  }

  #target(offset: number, length: number): Target {
    const { itemBytes } = this.ref;
    const first = Math.floor(offset / itemBytes);
    const end = Math.ceil((offset + length) / itemBytes);
    return { bytes: new Uint8Array((end - first) * itemBytes), first };
  }

  #trim(offset: number, length: number): [number, number] {
    const skipped = offset % this.ref.itemBytes;
    return [skipped, skipped + length];
  }

  *#parts(offset: number, length: number): Generator<Part> {
    const { itemBytes } = this.ref;
    const end = length === 0 ? 0 : Math.ceil((offset + length) / itemBytes);
    for (const wanted of boxesOf(this.#shape, Math.floor(offset / itemBytes), end)) {
      for (const number of this.#index.near(wanted)) {
        const box = shared(wanted, this.#pieces[number]!);
        if (box) yield { number, box };
      }
    }
  }

  /** The bytes of a piece from the first to the last element of a part. */
  #extent({ number, box }: Part): { start: number; end: number } {
    const { at, shape } = this.#pieces[number]!;
    const first = box.at.map((start, axis) => start - at[axis]!);
    const last = first.map((start, axis) => start + box.shape[axis]! - 1);
    const { itemBytes } = this.ref;
    return {
      start: placeIn(shape, first) * itemBytes,
      end: (placeIn(shape, last) + 1) * itemBytes,
    };
  }

  /** `bytes` start at the part's first element. */
  #place({ number, box }: Part, bytes: Uint8Array, target: Target): void {
    const from = { bytes, shape: this.#pieces[number]!.shape, start: 0 };
    const start = placeIn(this.#shape, box.at) - target.first;
    const to = { bytes: target.bytes, shape: this.#shape, start };
    copyBox(box.shape, this.ref.itemBytes, from, to);
  }

  #home(number: number): Source {
    return this.#sources.get(keyOf(homeOf(this.#pieces[number]!.source)))!;
  }

  #bytesOf(number: number): number {
    return elementCount(this.#pieces[number]!.shape) * this.ref.itemBytes;
  }

  /** What has to be decoded is decoded whole, and kept. */
  #isKept(number: number): boolean {
    return this.#pieces[number]!.source.kind === "decoded" || this.#bytesOf(number) <= SMALL;
  }

  #opened(number: number): Source {
    const { source } = this.#pieces[number]!;
    if (source.kind !== "decoded") return this.#home(number);
    const { kind: _, from: _from, ...span } = source;
    return new DecodedSource(this.#home(number), span);
  }

  async #piece(number: number): Promise<Uint8Array> {
    const kept = this.#use(number);
    if (kept) return kept;
    let coming = this.#coming.get(number);
    if (!coming) {
      coming = this.#opened(number).read(this.#pieces[number]!.offset, this.#bytesOf(number))
        .finally(() => this.#coming.delete(number));
      this.#coming.set(number, coming);
    }
    return this.#keep(number, await coming);
  }

  #pieceSync(number: number): Uint8Array | undefined {
    const kept = this.#use(number);
    if (kept) return kept;
    const { offset } = this.#pieces[number]!;
    const bytes = readNow(this.#opened(number), offset, this.#bytesOf(number));
    return bytes && this.#keep(number, bytes);
  }

  #use(number: number): Uint8Array | undefined {
    const kept = this.#kept.get(number);
    if (!kept) return;
    this.#kept.delete(number);
    this.#kept.set(number, kept);
    return kept;
  }

  #keep(number: number, bytes: Uint8Array): Uint8Array {
    this.#held += bytes.length - (this.#kept.get(number)?.length ?? 0);
    this.#kept.set(number, bytes);
    for (const [oldest, { length }] of this.#kept) {
      if (this.#held <= KEPT || oldest === number) break;
      this.#kept.delete(oldest);
      this.#held -= length;
    }
    return bytes;
  }
}

function readNow(source: Source, offset: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  return source.readSync!(offset, bytes) ? bytes : undefined;
}

/** The source that is opened for a piece: what has to be decoded lies in another one. */
const homeOf = (ref: SourceRef): SourceRef => ref.kind === "decoded" ? ref.from : ref;

/** The same for references to the same bytes, also where they are not the same object. */
function keyOf(ref: SourceRef): unknown {
  if (ref.kind === "file") return `${ref.path} ${ref.version}`;
  if (ref.kind === "remote") return `${ref.url} ${ref.version}`;
  return ref.kind === "memory" ? ref.bytes : ref;
}
