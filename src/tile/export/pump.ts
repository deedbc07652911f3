import type { Grid, Spot } from "./grid.ts";
import type { Journal } from "./journal.ts";
import type { Entry, Sink } from "./sink.ts";

/** Tiles on their way to the disk: a slow one does not hold up those behind it. */
const WRITES = 16;

/**
 * Draws the tiles that the journal has not, `atOnce` of them side by side, and hands them to the sink
 * in order. Whatever goes wrong ends all of it; tiles in the journal stay written.
 */
export async function pump(
  grid: Grid,
  draw: (spot: Spot, signal: AbortSignal) => Promise<Uint8Array>,
  sink: Sink,
  journal: Journal,
  { atOnce, signal, tick }: { atOnce: number; signal: AbortSignal; tick(bytes: number): void },
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const drawing: { readonly spot: Spot; readonly tile: Promise<Uint8Array> }[] = [];
  const writing: Promise<Entry>[] = [];
  const note = async () => {
    const entry = await writing.shift()!;
    journal.append(entry);
    tick(entry.length);
  };
  const write = async () => {
    const { spot, tile } = drawing.shift()!;
    const bytes = await tile;
    writing.push(watched(Promise.try(() => sink.put(spot, bytes))));
    if (writing.length > WRITES) await note();
  };
  try {
    for (const spot of grid.spots(journal.count)) {
      either.throwIfAborted();
      drawing.push({ spot, tile: watched(draw(spot, either)) });
      if (drawing.length >= atOnce) await write();
    }
    while (drawing.length > 0) await write();
    while (writing.length > 0) await note();
  } finally {
    stop.abort();
    await Promise.allSettled([...drawing.map(({ tile }) => tile), ...writing]);
  }
}

/** The same promise, which is looked at in its turn: until then its failure is nobody's. */
function watched<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
