import type { Spot } from "./grid.ts";
import type { Journal } from "./journal.ts";
import type { Entry, Sink } from "./sink.ts";

/** Tiles on their way to the disk: a slow one does not hold up those behind it. */
const WRITES = 16;

type Files = readonly Uint8Array<ArrayBuffer>[];

/**
 * Draws batches of tiles, `atOnce` of them side by side, and hands the files to the sink in order,
 * after which their memory is gone. Whatever goes wrong ends all of it; tiles in the journal stay
 * written.
 */
export async function pump(
  batches: Iterable<readonly Spot[]>,
  draw: (spots: readonly Spot[], signal: AbortSignal) => Promise<Files>,
  sink: Sink,
  journal: Journal,
  { atOnce, signal, tick }: { atOnce: number; signal: AbortSignal; tick(bytes: number): void },
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const drawing: { readonly spots: readonly Spot[]; readonly tiles: Promise<Files> }[] = [];
  const writing: Promise<Entry>[] = [];
  const put = async (spot: Spot, file: Files[number]) => {
    const entry = await sink.put(spot, file);
    // At once: files that wait for the garbage collector would be more than all else.
    file.buffer.transfer(0);
    return entry;
  };
  const note = async () => {
    const entry = await writing.shift()!;
    journal.append(entry);
    tick(entry.length);
  };
  const write = async () => {
    const { spots, tiles } = drawing.shift()!;
    for (const [i, file] of (await tiles).entries()) {
      either.throwIfAborted();
      writing.push(watched(put(spots[i]!, file)));
      if (writing.length > WRITES) await note();
    }
  };
  try {
    for (const spots of batches) {
      either.throwIfAborted();
      drawing.push({ spots, tiles: watched(draw(spots, either)) });
      if (drawing.length >= atOnce) await write();
    }
    while (drawing.length > 0) await write();
    while (writing.length > 0) await note();
  } finally {
    stop.abort();
    await Promise.allSettled([...drawing.map(({ tiles }) => tiles), ...writing]);
  }
}

/** The same promise, which is looked at in its turn: until then its failure is nobody's. */
function watched<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
