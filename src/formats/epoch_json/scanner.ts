import type { FormatError } from "../../errors.ts";
import type { Source } from "../../storage/source.ts";
import { malformed, show } from "../malformed.ts";

const WINDOW = 1 << 20;
/** Bytes of one string or shape. */
const MAX_TEXT = 4096;
const MAX_DEPTH = 64;

/** Where a list of numbers lies, brackets included, and how many there are. */
export interface Numbers {
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly count: number;
}

const kinds = { space: 1, digit: 2, open: 3, close: 4 } as const;
/** What each byte is in a list of numbers; 0: nothing that belongs there. */
const kindOf = new Uint8Array(256);
const mark = (characters: string, kind: number) => {
  for (const character of characters) kindOf[character.charCodeAt(0)] = kind;
};
mark(", \t\r\n", kinds.space);
mark("0123456789+-.eENaInfity", kinds.digit); // also "NaN" and "Infinity"
mark("[", kinds.open);
mark("]", kinds.close);

/**
 * A pass over JSON text through a window that slides forward; numbers are counted, not read. Every
 * method throws `FormatError` for other text than it is there for.
 */
export class Scanner {
  readonly #source: Source;
  readonly #signal: AbortSignal | undefined;
  #window = new Uint8Array();
  /** Where the window starts in the source, and the next byte in the window. */
  #start = 0;
  #at = 0;

  constructor(source: Source, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** The character that comes next, white space aside; empty at the end. */
  async peek(): Promise<string> {
    for (;;) {
      if (this.#at === this.#window.length && !await this.#slide()) return "";
      const byte = this.#window[this.#at]!;
      if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return String.fromCharCode(byte);
      this.#at++;
    }
  }

  /** Steps over a character, white space before it too. */
  async skip(character: string): Promise<void> {
    const found = await this.peek();
    if (found !== character) throw this.#malformed(found, show(character));
    this.#at++;
  }

  /** Makes sure that nothing follows. */
  async end(): Promise<void> {
    const found = await this.peek();
    if (found !== "") throw this.#malformed(found, "the end");
  }

  /** A string. */
  async string(): Promise<string> {
    await this.skip('"');
    let escaped = false;
    return this.#parse('"', (byte) => {
      const ends = byte === 0x22 && !escaped;
      escaped = byte === 0x5c && !escaped;
      return ends;
    }) as Promise<string>;
  }

  /** A short list, parsed. */
  async list(): Promise<readonly unknown[]> {
    await this.skip("[");
    return this.#parse("[", (byte) => byte === 0x5d) as Promise<readonly unknown[]>;
  }

  /** A number, or a list of them, nested or not. */
  async numbers(): Promise<Numbers> {
    const first = await this.peek();
    if (kindOf[first.charCodeAt(0)] !== kinds.open) return this.#single(first);
    const offset = this.#start + this.#at;
    let [depth, count, inside] = [0, 0, false];
    for (;;) {
      if (this.#at === this.#window.length && !await this.#slide()) {
        throw this.#malformed("", "the end of a list");
      }
      const window = this.#window;
      for (let at = this.#at; at < window.length; at++) {
        const kind = kindOf[window[at]!];
        if (kind === kinds.digit) {
          if (!inside) count++;
          inside = true;
          continue;
        }
        inside = false;
        if (kind === kinds.open) depth++;
        else if (kind === kinds.close) depth--;
        if (kind === 0 || depth > MAX_DEPTH) {
          this.#at = at;
          const character = String.fromCharCode(window[at]!);
          throw this.#malformed(character, `a number, nested at most ${MAX_DEPTH} deep`);
        }
        if (depth > 0) continue;
        this.#at = at + 1;
        return { offset, length: this.#start + this.#at - offset, count };
      }
      this.#at = window.length;
    }
  }

  /** A number that stands alone. */
  async #single(first: string): Promise<Numbers> {
    if (kindOf[first.charCodeAt(0)] !== kinds.digit) throw this.#malformed(first, "numbers");
    const offset = this.#start + this.#at;
    while (this.#at < this.#window.length || await this.#slide()) {
      if (kindOf[this.#window[this.#at]!] !== kinds.digit) break;
      this.#at++;
    }
    return { offset, length: this.#start + this.#at - offset, count: 1 };
  }

  async #parse(opening: string, ends: (byte: number) => boolean): Promise<unknown> {
    const bytes = [opening.charCodeAt(0)];
    for (let byte = -1; !ends(byte); bytes.push(byte)) {
      if (this.#at === this.#window.length && !await this.#slide()) {
        throw this.#malformed("", `the end of what ${opening} begins`);
      }
      if (bytes.length === MAX_TEXT) throw this.#malformed(opening, `at most ${MAX_TEXT} bytes`);
      byte = this.#window[this.#at++]!;
    }
    const text = new TextDecoder().decode(Uint8Array.from(bytes));
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#malformed(text, "JSON", error);
    }
  }

  async #slide(): Promise<boolean> {
    this.#start += this.#window.length;
    this.#at = 0;
    const length = Math.min(WINDOW, this.#source.size - this.#start);
    this.#window = await this.#source.read(this.#start, length, this.#signal);
    return length > 0;
  }

  #malformed(found: string, expected: string, cause?: unknown): FormatError {
    const place = `text at byte ${this.#start + this.#at}`;
    return malformed(
      this.#source.name,
      place,
      found === "" ? "the end" : show(found),
      expected,
      cause,
    );
  }
}
