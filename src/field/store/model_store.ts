import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { Unreadable } from "../../errors.ts";
import { fingerprint } from "../../storage/version.ts";
import { attempt, codeOf, removeFile, writeWhole } from "./files.ts";
import { bytesIn, storeName, USED } from "./folders.ts";
import { storedBase, type StoredPyramid } from "./levels.ts";
import { type Lock, share, tryLock } from "./locks.ts";
import {
  type Document,
  FORMAT,
  layerDocuments,
  rootDocuments,
  type StoreContent,
} from "./metadata.ts";
import { readNote, writeNote } from "./notes.ts";

export type { Lock, StoreContent };

/**
 * A model's store, a folder of its own: `pyramids.zarr` with a group for each layer whose levels are
 * kept, `records` of what was found of finished layers, `parts` of unfinished ones, `locks`. Any number of processes may have it
 * open. Methods throw `OutOfSpace` and `Unreadable` where files cannot be written or read, and
 * `RangeError` for layers that there are not.
 */
export class ModelStore {
  /** Absolute path. */
  readonly folder: string;
  readonly #content: StoreContent;
  readonly #open: Lock;

  private constructor(folder: string, content: StoreContent, open: Lock) {
    this.folder = folder;
    this.#content = content;
    this.#open = open;
  }

  /**
   * The store of that content under `root`, made if it is not there, which no other user may own or
   * read. As long as it is open no process collects it.
   */
  static open(root: string, content: StoreContent): ModelStore {
    const { key, layers } = content;
    const folder = join(
      resolve(root),
      storeName(fingerprint("store", FORMAT, key, JSON.stringify(layers))),
    );
    checkNoLink(folder);
    const open = share(join(folder, USED));
    try {
      attempt("kept to its owner", folder, () => chmodSync(folder, 0o700));
      const store = new ModelStore(folder, content, open);
      store.#describe(store.#zarr, () => rootDocuments(content));
      store.touch();
      return store;
    } catch (error) {
      open.release();
      throw error;
    }
  }

  /** Where a layer's levels lie, or will. */
  layer(index: number): StoredPyramid {
    const { dtype, width, height, runsDown } = this.#layerOf(index);
    const folder = join(this.#zarr, "layers", nameOf(index));
    return { folder, width, height, runsDown, base: storedBase(dtype) };
  }

  /** What was found of a finished layer, as JSON; null while it is not finished. */
  readRecord(index: number): unknown | null {
    const note = readNote(this.#record(index));
    return note && JSON.parse(new TextDecoder().decode(note));
  }

  /** Writes the metadata by which other readers find a layer's levels, all of which are written. */
  describe(index: number): void {
    const pyramid = this.layer(index);
    this.#describe(pyramid.folder, () => layerDocuments(this.#layerOf(index), pyramid));
  }

  /** Finishes a layer. */
  writeRecord(index: number, record: unknown): void {
    writeNote(this.#record(index), new TextEncoder().encode(JSON.stringify(record)));
  }

  /** A part of an unfinished layer; null where it was not written whole. */
  readPart(index: number, part: number): Uint8Array<ArrayBuffer> | null {
    return readNote(join(this.#parts(index), `${part}`));
  }

  writePart(index: number, part: number, bytes: Uint8Array): void {
    writeNote(join(this.#parts(index), `${part}`), bytes);
  }

  /** Numbers of the parts that were written, ascending; `readPart` tells which of them are whole. */
  parts(index: number): number[] {
    const folder = this.#parts(index);
    const names = attempt("read", folder, () => {
      try {
        return readdirSync(folder);
      } catch (error) {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      }
    });
    return names.filter((name) => /^\d+$/.test(name)).map(Number).sort((a, b) => a - b);
  }

  removeParts(index: number): void {
    const folder = this.#parts(index);
    attempt("removed", folder, () => rmSync(folder, { recursive: true, force: true }));
  }

  /**
   * Forgets what is known of a layer, so that it is computed anew. Its files stay until they are
   * written again: a process that is drawing them must not take their absence for their fill value.
   */
  discard(index: number): void {
    removeFile(this.#record(index));
    this.removeParts(index);
  }

  /** The right to compute a layer; null where another process, or another handle, has it. */
  tryLock(index: number): Lock | null {
    this.#layerOf(index);
    return tryLock(join(this.folder, "locks", nameOf(index)));
  }

  /** Marks the store as used now. */
  touch(): void {
    const path = join(this.folder, USED), now = new Date();
    attempt("marked as used", path, () => utimesSync(path, now, now));
  }

  /** Bytes that it takes on disk. */
  bytes(): Promise<number> {
    return bytesIn(this.folder);
  }

  /** From now on the store may be collected. */
  close(): void {
    this.#open.release();
  }

  get #zarr(): string {
    return join(this.folder, "pyramids.zarr");
  }

  #record(index: number): string {
    this.#layerOf(index);
    return join(this.folder, "records", nameOf(index));
  }

  #parts(index: number): string {
    this.#layerOf(index);
    return join(this.folder, "parts", nameOf(index));
  }

  #layerOf(index: number) {
    const layer = this.#content.layers[index];
    if (layer) return layer;
    throw new RangeError(`the store has ${this.#content.layers.length} layers, ${index} is none`);
  }

  /** Writes a group's metadata, unless its last document is there. */
  #describe(group: string, documents: () => Document[]): void {
    const path = (folder: string) => join(group, folder, "zarr.json");
    if (existsSync(path("."))) return;
    for (const { folder, text } of documents()) {
      writeWhole(path(folder), new TextEncoder().encode(text));
    }
  }
}

/** Names of tensors are no names of files: they may be anything. */
const nameOf = (index: number) => `${index}`.padStart(6, "0");

/** Lest another user's link have this one's files written elsewhere. */
function checkNoLink(folder: string): void {
  const found = attempt("looked at", folder, () => lstatSync(folder, { throwIfNoEntry: false }));
  if (!found || found.isDirectory()) return;
  throw new Unreadable(`${folder} is no folder, one for a store was expected`, { path: folder });
}
