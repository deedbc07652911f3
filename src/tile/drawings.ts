import type { CellReader, SyncSource } from "../field/cells.ts";
import type { Canvas } from "../field/canvas.ts";
import { Unreadable } from "../errors.ts";
import type { Facts, Guest, Picture } from "../modes/mode.ts";
import { parseOptions } from "../modes/options.ts";
import { modes } from "../modes/table.ts";
import type { LayerContext } from "./job.ts";

/** A layer whose bytes a worker has open. */
export interface Loaded extends LayerContext {
  readonly source: SyncSource;
  /** Where the cells lie that its own are compared with, or their slopes. */
  readonly other: SyncSource | undefined;
  readonly clock: CellReader["clock"];
  /** Drawings that are ready for another tile, by mode and query. */
  readonly drawings: Map<string, (canvas: Canvas) => Picture>;
}

/** Drawings kept ready a layer. */
const DRAWINGS = 64;

/** A mode as a job names it. */
export interface Drawing {
  readonly mode: string;
  readonly query: string;
  readonly guest?: Guest;
}

/** How a mode draws the layer: by its own facts, unless others are given. */
export function drawing(
  layer: Loaded,
  { mode: modeName, query, guest }: Drawing,
  shared: Facts | null = null,
): (canvas: Canvas) => Picture {
  const key = `${modeName}?${query} ${guest?.version ?? ""}`;
  const known = shared ? undefined : layer.drawings.get(key);
  if (known) return known;
  const mode = modes.find(({ name }) => name === modeName);
  if (!mode || !layer.facts) throw new Unreadable(`mode ${modeName} has nothing to draw from`);
  const options = parseOptions(mode, new URLSearchParams(query));
  const draw = mode.prepare(options, shared ?? layer.facts, layer.plane, guest);
  if (shared) return draw;
  if (layer.drawings.size >= DRAWINGS) layer.drawings.clear();
  layer.drawings.set(key, draw);
  return draw;
}
