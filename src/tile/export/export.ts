import { BadRequest, Changed } from "../../errors.ts";
import { deepestLevel } from "../address.ts";
import { askedOf } from "../links.ts";
import type { Address, Engine, Ticket, View } from "../tile.ts";
import { nameOf } from "./deep_zoom.ts";
import { explained, isThere } from "./disk.ts";
import type { Grid, Spot } from "./grid.ts";
import type { Journal } from "./journal.ts";
import { batches, batchZoom } from "./batches.ts";
import { pump } from "./pump.ts";
import type { ImageFormat, Kind, Sink } from "./sink.ts";
import { Workplace } from "./workplace.ts";

/**
 * Asked for at once, a worker: of batches, one that it draws and one that waits for it; of tiles by
 * themselves, enough that none waits while others are written.
 */
const BATCHES = 2, TILES = 8;

export interface Export {
  readonly view: View;
  /** As it was asked for. */
  readonly layer: string;
  readonly kind: Kind;
  /** Where to: a path with one of the kind's endings. */
  readonly out: string;
  readonly image: ImageFormat;
  /** Zoom of the nearest tiles. */
  readonly z: number;
  /** Whether to replace what is there, and to begin anew where another picture was begun. */
  readonly force: boolean;
  /** Threads that draw. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Hears how many tiles there are, and how many an earlier run has written. */
  begin(total: number, done: number): void;
  /** Hears that a tile of so many bytes is written. */
  tick(bytes: number): void;
}

/**
 * Writes every tile of a plane. One that was interrupted goes on where it stopped. Throws
 * `BadRequest` where there is such an output, or another half of one, or the mode has no such zoom
 * or format; `Changed` where the model's files change meanwhile; `OutOfSpace`, `Unreadable` where it
 * cannot be written. The half that was written stays then.
 */
export async function exportPlane(engine: Engine, job: Export): Promise<void> {
  const { kind, out } = job;
  try {
    const { width, height } = sizeAt(job);
    const grid = kind.grid(width, height, job.z);
    const top = topOf(job);
    const identity = identify(job, ticketOf(engine, top));
    for (const place of kind.places(out)) {
      if (job.force || !isThere(place)) continue;
      const message = `${place} is there already; --force replaces it`;
      throw new BadRequest(message, { parameter: "force", found: place });
    }
    const work = new Workplace(out, identity, job.force);
    try {
      const picture = {
        title: `${job.view.model.title}: ${job.layer}`,
        ...{ width, height, image: job.image, facts: identity },
      };
      const sink = kind.open(out, work, grid, picture);
      try {
        await fill(engine, job, top, grid, sink, work.journal);
        sink.end();
      } finally {
        sink.close();
      }
      work.clear();
    } finally {
      work.close();
    }
  } catch (error) {
    throw explained(error, out);
  }
}

/** Writes the tiles that the journal has not. */
async function fill(
  engine: Engine,
  job: Export,
  top: Address,
  grid: Grid,
  sink: Sink,
  journal: Journal,
): Promise<void> {
  job.begin(grid.count, journal.count);
  const { view: { layer, plane }, workers, z, signal, tick } = job;
  const draw = async (spots: readonly Spot[], signal: AbortSignal) => {
    const addresses = spots.map(({ z, x, y }) => ({ ...top, z, x, y, crop: grid.crop }));
    return await exact(engine.sheet(addresses), addresses[0]!).tiles(signal);
  };
  // Needs all of the layer: of one far away, the others would be estimates before.
  await ticketOf(engine, top).tile(job.signal);
  // Others are drawn one by one: encoding takes most of their time, or parts of many layers are on them.
  const isTogether = job.image === "png" && layer !== null;
  const zoom = isTogether ? batchZoom(grid, z, plane.nativeZoom, workers) : Infinity;
  const atOnce = workers * (Number.isFinite(zoom) ? BATCHES : TILES);
  const spots = batches(grid.spots(journal.count), zoom);
  await pump(spots, draw, sink, journal, { atOnce, signal, tick });
  job.signal.throwIfAborted();
  ticketOf(engine, top); // throws where the model changed after the last tile was drawn
}

/** In pixels. */
function sizeAt({ view: { plane }, z, layer }: Export) {
  if (!(z >= 0 && z <= plane.maxZoom)) {
    const message = `there is no zoom ${z}: "${layer}" has zooms 0 to ${plane.maxZoom}`;
    throw new BadRequest(message, { parameter: "z", found: z, minimum: 0, maximum: plane.maxZoom });
  }
  const scale = 2 ** (z - plane.nativeZoom);
  return { width: Math.ceil(plane.width * scale), height: Math.ceil(plane.height * scale) };
}

/** What must be the same for a half to be gone on with; the tag covers version and software. */
const identify = ({ view, kind, layer, out, image, z }: Export, { etag }: Ticket) => ({
  ...{ model: view.model.id, version: view.model.version, layer, mode: view.mode.name },
  ...{ query: askedOf(view).toString(), z, image, kind: kind.name, name: nameOf(out), tag: etag },
});

/** Of the tile that shows the plane as one pixel, in the version that was opened. */
function topOf({ view, layer, image }: Export): Address {
  const { model, mode, plane } = view;
  const query = askedOf(view);
  query.set("v", model.version);
  return {
    ...{ model: model.id, layer, mode: mode.name, query, format: image },
    ...{ z: plane.nativeZoom - deepestLevel(plane), x: 0, y: 0, density: 1, crop: true },
  };
}

const ticketOf = (engine: Engine, address: Address): Ticket =>
  exact(engine.ticket(address), address);

/** Throws `Changed` where it would be of another version, or of an estimate. */
function exact<Promised extends Pick<Ticket, "immutable" | "preliminary">>(
  promised: Promised,
  { z, x, y, model }: Address,
): Promised {
  if (promised.immutable) return promised;
  const why = promised.preliminary
    ? `tile ${z}/${x}/${y} is an estimate as yet`
    : `model "${model}" is not the one any more that the export began with`;
  throw new Changed(why, { model });
}
