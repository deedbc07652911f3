import type { Source } from "../../storage/source.ts";
import type { Listing } from "../format.ts";
import { malformed, show } from "../malformed.ts";
import { Ended } from "./cursor.ts";
import { elementOfStorage } from "./elements.ts";
import { Machine } from "./machine.ts";
import { endless, MAX_PICKLE, run, type Unpickled } from "./pickle.ts";
import type { Container } from "./tensors.ts";
import type { Storage, Value } from "./values.ts";
import { walk } from "./walk.ts";

// Layout (torch/serialization.py, _legacy_save): five pickles: a magic number, the version 1001,
// facts of the writing system, the object, the keys of its storages; then for each key the storage:
// its count of elements as int64, and they, all little-endian whatever the writer was.
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const COUNT = 8;
/** Read at first; most objects fit. */
const FIRST = 1 << 18;

/** The object, the keys, and the first byte after them. */
interface Pickles {
  readonly object: Value;
  readonly storages: ReadonlyMap<string, Storage>;
  readonly keys: Value;
  readonly end: number;
}

/** A checkpoint of the form that PyTorch wrote before version 1.6: pickles, then raw storages. */
export async function listLegacy(
  source: Source,
  base: string,
  signal?: AbortSignal,
): Promise<Listing> {
  const { object, storages, keys, end } = await readPickles(source, signal);
  const places = await placeStorages(source, storages, keys, end, signal);
  const container: Container = {
    file: source.name,
    bigEndian: false,
    place({ key }) {
      const place = places.get(key);
      if (place) return { source: source.ref, ...place };
      throw malformed(source.name, `storage ${show(key)}`, "missing", "one of the keys");
    },
  };
  return walk(object, base, container);
}

/** Reads as far as the pickles go: how long they are only they say. */
async function readPickles(source: Source, signal?: AbortSignal): Promise<Pickles> {
  const file = source.name;
  const room = Math.min(source.size, MAX_PICKLE);
  let bytes: Uint8Array = await source.read(0, Math.min(FIRST, room), signal);

  const next = async (start: number): Promise<Unpickled> => {
    const machine = new Machine(file, bytes, start);
    for (;;) {
      try {
        return run(machine);
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
        if (bytes.length === room) throw endless(file, room);
        bytes = await source.read(0, Math.min(4 * bytes.length, room), signal);
        machine.resume(bytes);
      }
    }
  };

  const magic = await next(0);
  if (magic.value !== MAGIC) throw malformed(file, "magic number", show(magic.value), `${MAGIC}`);
  const version = await next(magic.end);
  if (version.value !== VERSION) {
    throw malformed(file, "protocol version", show(version.value), `${VERSION}`);
  }
  const system = await next(version.end);
  const object = await next(system.end);
  const keys = await next(object.end);
  return { object: object.value, storages: object.storages, keys: keys.value, end: keys.end };
}

type Span = { readonly offset: number; readonly bytes: number };

/** Where each storage lies: one after the other, in the order of the keys. */
async function placeStorages(
  source: Source,
  storages: ReadonlyMap<string, Storage>,
  keys: Value,
  end: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Span>> {
  const refuse = (key: unknown, found: string, expected: string) =>
    malformed(source.name, `storage ${show(key)}`, found, expected);
  if (!Array.isArray(keys)) throw malformed(source.name, "storage keys", show(keys), "a list");
  const places = new Map<string, Span>();
  let at = end;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    const element = storage && elementOfStorage(storage.type);
    if (!storage || !element) throw refuse(key, "in the list of keys", "one of the object's");
    if (places.has(storage.key)) throw refuse(key, "given twice", "once");
    places.set(storage.key, { offset: at + COUNT, bytes: storage.count * element.bytes });
    at += COUNT + storage.count * element.bytes;
  }
  // That the last one ends with the file vouches for all counts; a read for each can wait till then.
  if (at !== source.size) await checkCounts(source, storages, places, signal);
  return places;
}

/** Compares the counts in front of the storages with those that the object gives. */
async function checkCounts(
  source: Source,
  storages: ReadonlyMap<string, Storage>,
  places: ReadonlyMap<string, Span>,
  signal?: AbortSignal,
): Promise<void> {
  for (const [key, { offset, bytes }] of places) {
    const refuse = (found: string | number | bigint, expected: string) =>
      malformed(source.name, `storage ${show(key)}`, found, expected);
    if (offset + bytes > source.size) {
      throw refuse(
        `${bytes} bytes at ${offset}`,
        `an end at or before ${source.size}, that of the file`,
      );
    }
    const head = await source.read(offset - COUNT, COUNT, signal);
    const count = new DataView(head.buffer, head.byteOffset).getBigInt64(0, true);
    const expected = storages.get(key)!.count;
    if (count !== BigInt(expected)) throw refuse(`${count} elements`, `${expected}`);
  }
}
