import { wasm } from "../../src/compute/wasm.ts";
import { FormatError, SynaptileError } from "../../src/errors.ts";
import { type CellReader, readCells, type SyncSource } from "../../src/field/cells.ts";
import { fold } from "../../src/field/plane.ts";
import type { Format, Listing, Reading, TensorInfo } from "../../src/formats/format.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { openSource } from "../../src/storage/open.ts";
import type { Source } from "../../src/storage/source.ts";
import type { Stretch } from "./mutate.ts";

/** A model in memory: the file that is opened, and those beside it, by relative path. */
export interface Files {
  readonly main: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Cells a side of the windows that are drawn. */
const WINDOW = 64;
/** Tensors drawn of a file that opens. */
const DRAWN = 8;

/** Opens a model and draws a little of it. Throws whatever that throws. */
export async function open(format: Format, model: Files): Promise<Listing> {
  const listing = await list(format, model);
  const all = [...listing.tensors, ...listing.views ?? []];
  const step = Math.max(1, Math.floor(all.length / DRAWN));
  for (let i = 0; i < all.length; i += step) draw(all[i]!);
  return listing;
}

/** The stretches of each file that listing reads, as far as it gets. */
export async function stretches(
  format: Format,
  model: Files,
): Promise<ReadonlyMap<string, Stretch[]>> {
  const read = new Map<string, Stretch[]>();
  try {
    await list(format, model, (name, stretch) => {
      const known = read.get(name) ?? [];
      read.set(name, known.concat(stretch));
    });
  } catch (error) {
    if (!isTyped(error)) throw error; // some fixtures are there to be refused
  }
  return read;
}

async function list(
  format: Format,
  { main, files }: Files,
  note?: (name: string, stretch: Stretch) => void,
): Promise<Listing> {
  const source = (name: string, bytes: Uint8Array): Source => {
    const memory = new MemorySource(name, bytes);
    if (!note) return memory;
    const read: Source["read"] = (offset, length, signal) => {
      note(name, { offset, length });
      return memory.read(offset, length, signal);
    };
    return new Proxy(memory, {
      get: (target, key) => key === "read" ? read : Reflect.get(target, key),
    });
  };
  const beside: Reading["beside"] = (path) => {
    const bytes = files.get(path);
    const details = { file: main, found: path };
    if (!bytes) return Promise.reject(new FormatError(`${main} names ${path}, not there`, details));
    return Promise.resolve(source(path, bytes));
  };
  return await format.list(source(main, files.get(main)!), { beside });
}

function draw(tensor: TensorInfo): void {
  const source = openSource(tensor.source) as SyncSource;
  try {
    const plane = fold(tensor);
    const clock = { read: 0, decode: 0 };
    const reader: CellReader = { plane, source, ops: wasm, clock, cancelled: () => {} };
    const width = Math.min(WINDOW, plane.width), height = Math.min(WINDOW, plane.height);
    const values = new Float32Array(width * height);
    const corners = [[0, 0], [plane.width - width, plane.height - height]] as const;
    for (const [x, y] of corners) {
      if (width * height === 0) continue;
      wasm.frame(() =>
        readCells(reader, { x, y, width, height }, { values, start: 0, pitch: width })
      );
    }
  } finally {
    source.close();
  }
}

/** Whether an error is one that says what is wrong with a file. */
export const isTyped = (error: unknown): boolean => error instanceof SynaptileError;
