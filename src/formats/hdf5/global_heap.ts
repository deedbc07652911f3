import type { Cursor } from "./cursor.ts";
import type { Reader } from "./reader.ts";

/** Reads objects of varying length, such as texts, from the collections that they lie in. */
export class GlobalHeap {
  readonly #reader: Reader;
  /** The collection read last: texts that were written together lie together. */
  #last:
    | { readonly address: number; readonly objects: ReadonlyMap<number, Uint8Array> }
    | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** The object that a reference names: its length, its collection's address, its number there. */
  async object(reference: Cursor): Promise<Uint8Array> {
    const length = reference.u32();
    const address = reference.offset();
    const number = reference.u32();
    if (length === 0 || address === undefined) return new Uint8Array();
    if (this.#last?.address !== address) {
      this.#last = { address, objects: await readCollection(this.#reader, address) };
    }
    const object = this.#last.objects.get(number);
    if (!object || object.length < length) {
      const rule = `an object of ${length} bytes in the collection at ${address}`;
      throw reference.refuse("object", object ? `of ${object.length} bytes` : `${number}`, rule);
    }
    this.#reader.spend(length);
    return object.subarray(0, length);
  }
}

async function readCollection(reader: Reader, address: number): Promise<Map<number, Uint8Array>> {
  const { length } = reader.sizes;
  const what = `global heap collection at ${address}`;
  const head = await reader.block(address, 8 + length, what);
  head.signature("GCOL");
  head.version(1);
  head.skip(3);
  const whole = await reader.block(address, head.length("size"), what);
  whole.skip(8 + length);
  const objects = new Map<number, Uint8Array>();
  while (whole.left >= 8 + length) {
    const number = whole.u16();
    whole.skip(6);
    const size = whole.length("size of an object");
    if (number === 0) break; // the rest is free
    objects.set(number, whole.take(size));
    whole.skip(Math.min(whole.left, (8 - size % 8) % 8));
  }
  return objects;
}
