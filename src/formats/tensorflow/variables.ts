import { standsAlone } from "../../storage/beside.ts";
import type { Source } from "../../storage/source.ts";
import {
  bytesOf,
  type Dtype,
  type Ignored,
  type Listing,
  type Reading,
  rowMajor,
  type TensorInfo,
} from "../format.ts";
import { malformed, show } from "../malformed.ts";
import { readWhole } from "../read_whole.ts";
import { type Bundle, type BundleEntry, readBundle } from "./bundle.ts";
import { elementType } from "./dtypes.ts";
import type { KeyOf } from "./meta_graph.ts";
import type { ObjectGraph } from "./object_graph.ts";
import { assemble, isSliceKey, partsOf, type Place } from "./slices.ts";

/** Reads an index file, whole. Throws `FormatError`. */
export async function openBundle(index: Source, signal?: AbortSignal): Promise<Bundle> {
  return readBundle(index.name, await readWhole(index, signal));
}

/** The files of a checkpoint, opened when the first tensor in them is asked for. */
export class Shards {
  readonly #file: string;
  readonly #bundle: Bundle;
  readonly #prefix: string;
  readonly #beside: NonNullable<Reading["beside"]> | undefined;
  readonly #opened = new Map<number, Source>();

  /** `file` is the index; `prefix` the path of the checkpoint relative to the file being read. */
  constructor(file: string, bundle: Bundle, prefix: string, { beside }: Reading) {
    this.#file = file;
    this.#bundle = bundle;
    this.#prefix = prefix;
    this.#beside = beside;
  }

  /** Where the bytes of an entry lie. Throws `FormatError` where there is no room for them. */
  async locate(entry: BundleEntry): Promise<{ source: Source; offset: number; size: number }> {
    const { name, shard, offset, size } = entry;
    const source = this.#opened.get(shard) ?? await this.#open(entry);
    if (offset < 0 || size < 0 || offset + size > source.size) {
      const found = `${size} bytes at ${offset}`;
      throw malformed(this.#file, `entry ${show(name)}`, found, `within ${source.size} bytes`);
    }
    return { source, offset, size };
  }

  async #open({ name, shard }: BundleEntry): Promise<Source> {
    const { shards } = this.#bundle;
    if (shard < 0 || shard >= shards) {
      throw malformed(this.#file, `entry ${show(name)}, shard`, shard, `one of ${shards}`);
    }
    const path = `${this.#prefix}.data-${pad(shard)}-of-${pad(shards)}`;
    if (!this.#beside) throw standsAlone(this.#file, path);
    const source = await this.#beside(path);
    this.#opened.set(shard, source);
    return source;
  }
}

const pad = (number: number) => String(number).padStart(5, "0");

/** The tensors of a checkpoint, in the order of their keys. Throws `FormatError`. */
export async function listVariables(
  file: string,
  bundle: Bundle,
  shards: Shards,
): Promise<Required<Pick<Listing, "tensors" | "ignored">>> {
  const { bigEndian, entries } = bundle;
  const tensors: TensorInfo[] = [];
  const ignored: Ignored[] = [];
  for (const [key, entry] of entries) {
    if (isSliceKey(key)) continue;
    const { name, shape, count } = entry;
    const { name: type, dtype } = elementType(entry.type);
    if (!dtype) {
      ignored.push({ name, reason: reasonOf(type) });
      continue;
    }
    const bytes = bytesOf(dtype, count);
    const place = entry.slices.length > 0
      ? await joined(file, key, entry, dtype, entries, shards)
      : await whole(file, entry, bytes, shards);
    tensors.push({ name, dtype, shape, strides: rowMajor(shape), bigEndian, bytes, ...place });
  }
  return { tensors, ignored };
}

const reasonOf = (type: string) =>
  type === "STRING" ? "its elements are strings" : `its elements are of type ${type}`;

async function whole(
  file: string,
  entry: BundleEntry,
  bytes: number,
  shards: Shards,
): Promise<Place> {
  if (entry.size !== bytes) {
    const what = `entry ${show(entry.name)}, size`;
    throw malformed(file, what, entry.size, `${bytes} bytes for [${entry.shape}]`);
  }
  const { source, offset } = await shards.locate(entry);
  return { source: source.ref, offset };
}

async function joined(
  file: string,
  key: string,
  entry: BundleEntry,
  dtype: Dtype,
  entries: Bundle["entries"],
  shards: Shards,
): Promise<Place> {
  const field = `entry ${show(entry.name)}`;
  const refuse = (found: string, rule: string) => malformed(file, field, found, rule);
  const pieces = [];
  for (const { key: own, at, shape } of partsOf(key, entry, refuse)) {
    const slice = entries.get(own);
    const like = slice?.type === entry.type && slice.slices.length === 0 &&
      slice.shape.join() === shape.join();
    if (!like) {
      const found = slice ? `[${slice.shape}] of type ${slice.type}` : "missing";
      const rule = `[${shape}] of type ${entry.type}`;
      throw malformed(file, `${field}, slice at [${at}]`, found, rule);
    }
    const place = await whole(file, slice, bytesOf(dtype, slice.count), shards);
    pieces.push({ at, shape, ...place });
  }
  return assemble(`${file}, ${field}`, entry, bytesOf(dtype, 1), pieces);
}

/** What tells the tensor of a variable by its object, or its name in a graph: its own, or theirs. */
export function keysOf(tensors: readonly TensorInfo[], graph?: ObjectGraph): KeyOf {
  const keys = new Set(tensors.map(({ name }) => name));
  return (name, object = -1) =>
    [
      graph?.objects.get(object) ?? "",
      name,
      graph?.names.get(name) ?? "",
      name.replace(/\/part_\d+$/, ""),
    ].find((key) => keys.has(key));
}

/** The tensors, second copies after the others and at the place of the first: they are the same. */
export function withoutCopies(
  tensors: readonly TensorInfo[],
  { copies }: ObjectGraph,
): readonly TensorInfo[] {
  if (copies.size === 0) return tensors;
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const again = tensors.filter(({ name }) => copies.has(name)).map((tensor) => {
    const { source, offset } = byName.get(copies.get(tensor.name)!)!;
    return { ...tensor, source, offset };
  });
  return [...tensors.filter(({ name }) => !copies.has(name)), ...again];
}
