import { setImmediate } from "node:timers/promises";
import type { FormatError } from "../errors.ts";
import type { Source } from "../storage/source.ts";
import { malformed } from "./malformed.ts";
import { Cursor, type Field, type Span, wires } from "./protobuf/cursor.ts";

export { type Field, type Span, wires };

/** A field of a message in memory. */
export interface Part {
  readonly number: number;
  readonly wire: number;
  /** As `Field.value`. */
  readonly value: number;
  /** Its value's bytes, a view. */
  readonly bytes: Uint8Array;
}

type Visit = (field: Field) => Promise<unknown> | void;

/** As protobuf's own readers. */
const MAX_DEPTH = 100;
/** Fields of one file: what a reader goes through in about a second. */
const MAX_FIELDS = 1 << 23;
/** Bytes of one file that are read for its fields. */
const MAX_READ = 2 ** 30;
/** Bytes after which others have their turn: what takes some tens of milliseconds. */
const TURN = 1 << 20;
/** Values up to here are loaded before they are visited. */
const INLINE = 4096;
/** The longest number and length before a value. */
const PREFIX = 20;
/** A skipped value up to here is read with what surrounds it: cheaper than another read. */
const GAP = 16 << 10;
/** Bytes of the first read, and of one after a long value; they double while nothing is skipped. */
const FIRST_WINDOW = 64 << 10;
const NEXT_WINDOW = 1024;
const MAX_WINDOW = 256 << 10;

/**
 * A pass over the protobuf messages of a source through a window that slides forward and jumps over
 * long values. Every method throws `FormatError` for what is no message, `AbortError` when cancelled.
 */
export class Scanner {
  /** Bytes of values that its readers have copied into memory, for them to bound. */
  kept = 0;
  readonly #source: Source;
  readonly #signal: AbortSignal | undefined;
  #window: Cursor;
  #size = FIRST_WINDOW;
  #fields = 0;
  #read = 0;

  constructor(source: Source, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    this.#window = new Cursor(source.name, new Uint8Array());
  }

  get source(): Source {
    return this.#source;
  }

  /** The message that the whole source is. */
  get root(): Span {
    return { offset: 0, length: this.#source.size, depth: 0 };
  }

  /**
   * Visits the fields of a message in the file's order. A visitor that walks into a field, or waits
   * for something else, returns its promise. Returns none itself where nothing had to be waited for,
   * as in most messages: a promise each is what would take longest.
   */
  walk(message: Span | Field, visit: Visit): Promise<void> | undefined {
    if ("wire" in message) this.#expect(message, "a message");
    const depth = message.depth + 1;
    if (depth > MAX_DEPTH) {
      throw this.malformed(message, "message", `nested ${depth} deep`, `at most ${MAX_DEPTH}`);
    }
    const end = message.offset + message.length;
    const whole = message.length <= INLINE && this.#window.holds(message.offset, message.length);
    if (!whole) return this.#walkOn(message.offset, end, depth, visit);
    for (let at = message.offset; at < end;) {
      const field = this.#next(at, end, depth);
      const visiting = visit(field);
      at = field.offset + field.length;
      if (visiting) return visiting.then(() => this.#walkOn(at, end, depth, visit));
    }
  }

  async #walkOn(from: number, end: number, depth: number, visit: Visit): Promise<void> {
    for (let at = from; at < end;) {
      const prefix = Math.min(PREFIX, end - at);
      if (!this.#window.holds(at, prefix)) await this.#load(at, prefix);
      const field = this.#next(at, end, depth);
      const { offset, length } = field;
      if (length <= INLINE && !this.#window.holds(offset, length)) await this.#load(offset, length);
      const visiting = visit(field);
      if (visiting) await visiting;
      at = offset + length;
    }
  }

  /** The bytes of a short value, at most 4096, while its field is being visited: before any `await`. */
  bytes(field: Field): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#short(field));
  }

  /** As `bytes`, as text. */
  text(field: Field): string {
    this.#expect(field, "text");
    return textOf(this.#source.name, field.number, this.#short(field));
  }

  /** As `bytes`, of a repeated field of integers: one of them, or several packed. */
  integers(field: Field): readonly number[] {
    if (field.wire === wires.varint) return [field.value];
    this.#expect(field, "integers");
    return integersOf(this.#source.name, this.#short(field));
  }

  /** A value of up to `limit` bytes, at any time. */
  async read(span: Span, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (span.length > limit) {
      throw this.malformed(span, "value", `${span.length} bytes`, `at most ${limit}`);
    }
    const { offset, length } = span;
    if (this.#window.holds(offset, length)) {
      return new Uint8Array(this.#window.span(offset, length));
    }
    return await this.#source.read(offset, length, this.#signal);
  }

  /** The error for what a span holds. */
  malformed({ offset }: Span, what: string, found: string, expected: string): FormatError {
    return malformed(this.#source.name, `${what} at byte ${offset}`, found, expected);
  }

  #short(field: Field): Uint8Array {
    const { number, offset, length } = field;
    if (length <= INLINE) return this.#window.span(offset, length);
    throw this.malformed(field, `field ${number}`, `${length} bytes`, `at most ${INLINE}`);
  }

  #expect(field: Field, what: string): void {
    if (field.wire === wires.bytes) return;
    throw this.malformed(field, `field ${field.number}`, `of wire type ${field.wire}`, what);
  }

  #next(at: number, end: number, depth: number): Field {
    if (++this.#fields > MAX_FIELDS) {
      throw malformed(this.#source.name, "number of fields", `over ${MAX_FIELDS}`, "fewer");
    }
    return this.#window.field(at, end, depth);
  }

  async #load(offset: number, length: number): Promise<void> {
    const { size, name } = this.#source;
    if (this.#read > 0) {
      const skipped = offset - this.#window.end;
      this.#size = skipped <= GAP ? Math.min(2 * this.#size, MAX_WINDOW) : NEXT_WINDOW;
    }
    const window = Math.min(Math.max(this.#size, length), size - offset);
    const before = this.#read;
    this.#read += window;
    if (this.#read > MAX_READ) {
      throw malformed(name, "header", `over ${MAX_READ} bytes`, "fewer, tensors aside");
    }
    if (Math.floor(before / TURN) !== Math.floor(this.#read / TURN)) await setImmediate();
    const bytes = await this.#source.read(offset, window, this.#signal);
    this.#window = new Cursor(name, bytes, offset);
  }
}

/** The fields of a message in memory; `file` names it in errors. Throws `FormatError`. */
export function* parts(file: string, message: Uint8Array): Generator<Part> {
  const cursor = new Cursor(file, message);
  for (let at = 0; at < message.length;) {
    const { number, wire, value, offset, length } = cursor.field(at, message.length, 0);
    at = offset + length;
    yield { number, wire, value, bytes: message.subarray(offset, at) };
  }
}

const SHORT_TEXT = 64;
const isPlain = (bytes: Uint8Array) => {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 127) return false;
  return true;
};
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text value. Throws `FormatError` for what is no UTF-8. */
export function textOf(file: string, field: number, bytes: Uint8Array): string {
  // Names are short and plain, and there are many: the decoder's own cost is that of 50 characters.
  if (bytes.length <= SHORT_TEXT && isPlain(bytes)) {
    return String.fromCharCode.apply(null, bytes as unknown as number[]);
  }
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw malformed(file, `field ${field}`, "no UTF-8", "text", error);
  }
}

/** Packed varints, each as `Field.value`. Throws `FormatError` for what is none. */
export function integersOf(file: string, bytes: Uint8Array): number[] {
  const cursor = new Cursor(file, bytes);
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at = cursor.at) values.push(cursor.varint(at, bytes.length));
  return values;
}
