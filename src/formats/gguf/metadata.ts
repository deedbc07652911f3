import type { MetadataValue } from "../format.ts";
import { malformed, show } from "../malformed.ts";
import type { Scanner } from "./scanner.ts";

/** GGUF's own bound for the length of a key, in bytes. */
const MAX_KEY = 65_535;
/** Longer text is cut: chat templates are below. */
const MAX_TEXT = 256 << 10;
/** Bytes of text kept of a file, and what a pair counts for beyond its text. */
const MAX_KEPT = 16 << 20;
const PAIR = 64;
const MAX_DEPTH = 8;
const MAX_INNER = 65_536;
/** Items of a list that are shown. */
const SHOWN = 4;
/** Lists of numbers up to this length are kept whole: one number a layer, a shape. */
const WHOLE = 1024;
/** At the least a key's length, a type and a value. */
const PAIR_BYTES = 8 + 4 + 1;

type Item = string | number | boolean | null;

/** The key and value pairs of a file. */
export interface Pairs {
  readonly values: ReadonlyMap<string, MetadataValue>;
  /** Short lists of numbers, in full. */
  readonly lists: ReadonlyMap<string, readonly number[]>;
}

type Reader = (view: DataView, little: boolean) => Item;
const STRING = 8, ARRAY = 9;

/** By the number of their type; text and lists apart. */
const scalars: Readonly<Record<number, readonly [bytes: number, read: Reader]>> = {
  0: [1, (view) => view.getUint8(0)],
  1: [1, (view) => view.getInt8(0)],
  2: [2, (view, little) => view.getUint16(0, little)],
  3: [2, (view, little) => view.getInt16(0, little)],
  4: [4, (view, little) => view.getUint32(0, little)],
  5: [4, (view, little) => view.getInt32(0, little)],
  6: [4, (view, little) => view.getFloat32(0, little)],
  7: [1, (view) => view.getUint8(0) !== 0],
  10: [8, (view, little) => exact(view.getBigUint64(0, little))],
  11: [8, (view, little) => exact(view.getBigInt64(0, little))],
  12: [8, (view, little) => view.getFloat64(0, little)],
};

/** As text where a double would round it. */
const exact = (value: bigint): Item =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value);

/** Reads `count` pairs. Throws `FormatError`, also for a key given twice. */
export async function readMetadata(scan: Scanner, count: number): Promise<Pairs> {
  if (count * PAIR_BYTES > scan.left) {
    const rule = `at most ${Math.floor(scan.left / PAIR_BYTES)} in the ${scan.left} bytes left`;
    throw malformed(scan.file, "metadata count", count, rule);
  }
  const reader = new PairReader(scan);
  for (let i = 0; i < count; i++) await reader.pair();
  return reader;
}

class PairReader implements Pairs {
  readonly values = new Map<string, MetadataValue>();
  readonly lists = new Map<string, readonly number[]>();
  readonly #scan: Scanner;
  /** What messages call the value being read. */
  #what = "";
  #kept = 0;
  #inner = 0;

  constructor(scan: Scanner) {
    this.#scan = scan;
  }

  async pair(): Promise<void> {
    const scan = this.#scan;
    const key = await readName(scan, "metadata key");
    this.#keep(PAIR + key.length);
    this.#what = `metadata ${show(key)}`;
    if (this.values.has(key)) throw malformed(scan.file, this.#what, "given twice", "once");
    await scan.need(4, this.#what);
    const type = scan.u32();
    if (type !== ARRAY) this.values.set(key, await this.#item(type));
    else {
      const { count, first } = await this.#list(0);
      const numbers = first.filter((item) => typeof item === "number");
      if (numbers.length === count) this.lists.set(key, numbers);
      this.values.set(key, { count, first: first.slice(0, SHOWN) });
    }
  }

  async #item(type: number): Promise<Item> {
    const scan = this.#scan;
    if (type === STRING) return await this.#text();
    const [bytes, read] = this.#scalar(type);
    await scan.need(bytes, this.#what);
    return read(scan.take(bytes), scan.littleEndian);
  }

  #scalar(type: number): readonly [number, Reader] {
    const scalar = scalars[type];
    if (scalar) return scalar;
    throw malformed(this.#scan.file, `type of ${this.#what}`, type, "0 to 12");
  }

  async #text(): Promise<string> {
    const scan = this.#scan;
    await scan.need(8, this.#what);
    const length = scan.u64();
    const cut = Math.min(length, MAX_TEXT);
    await scan.need(cut, this.#what);
    this.#keep(cut);
    const text = scan.text(cut);
    if (cut === length) return text;
    scan.skip(length - cut, this.#what);
    return `${text}…`;
  }

  /** A list's length and its first items, all of them where they are few; lists in it are null. */
  async #list(depth: number): Promise<{ count: number; first: Item[] }> {
    const scan = this.#scan, what = this.#what;
    await scan.need(12, what);
    const type = scan.u32();
    const count = scan.u64();
    const least = type === ARRAY ? 12 : type === STRING ? 8 : this.#scalar(type)[0];
    if (count * least > scan.left) {
      const rule = `at most ${Math.floor(scan.left / least)} in the ${scan.left} bytes left`;
      throw malformed(scan.file, `length of ${what}`, count, rule);
    }
    const first: Item[] = [];
    if (type === ARRAY) {
      await this.#lists(count, depth + 1);
      first.push(...new Array<null>(Math.min(count, SHOWN)).fill(null));
    } else {
      const taken = type !== STRING && count <= WHOLE ? count : Math.min(count, SHOWN);
      while (first.length < taken) first.push(await this.#item(type));
      if (type === STRING) await scan.skipStrings(count - taken, what);
      else scan.skip((count - taken) * least, what);
    }
    return { count, first };
  }

  /** Passes over lists in a list. */
  async #lists(count: number, depth: number): Promise<void> {
    const { file } = this.#scan;
    if (depth >= MAX_DEPTH) {
      throw malformed(file, `depth of ${this.#what}`, "more", `at most ${MAX_DEPTH} lists deep`);
    }
    this.#inner += count;
    if (this.#inner > MAX_INNER) {
      const found = `${this.#inner} lists in lists`;
      throw malformed(file, this.#what, found, `at most ${MAX_INNER} in a file`);
    }
    for (let i = 0; i < count; i++) await this.#list(depth);
  }

  #keep(bytes: number): void {
    this.#kept += bytes;
    if (this.#kept > MAX_KEPT) {
      const found = `more than ${MAX_KEPT} bytes long without its lists`;
      throw malformed(this.#scan.file, "metadata", found, `at most ${MAX_KEPT}`);
    }
  }
}

/** A key or a tensor's name. */
export async function readName(scan: Scanner, what: string): Promise<string> {
  await scan.need(8, what);
  const length = scan.u64();
  if (length > MAX_KEY) {
    const field = `length of ${what} at byte ${scan.position - 8}`;
    throw malformed(scan.file, field, length, `at most ${MAX_KEY}`);
  }
  await scan.need(length, what);
  return scan.text(length, what);
}
