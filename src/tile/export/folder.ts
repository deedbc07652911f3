import { dirname, join } from "node:path";
import { descriptor, nameOf, tileName } from "./deep_zoom.ts";
import { isDiskFull, isThere } from "./disk.ts";
import { Duplicates, equal, measured } from "./duplicates.ts";
import { deepZoomGrid, type Grid, type Spot } from "./grid.ts";
import type { Entry, Kind, Picture, Sink } from "./sink.ts";
import type { Workplace } from "./workplace.ts";

const TILES = "files";
const DESCRIPTOR = "descriptor";
/** No more tiles than that are on their way to the disk when a process is killed. */
const LEFTOVERS = 64;

/** Where the tiles of `NAME.dzi` lie. */
const filesOf = (out: string) => join(dirname(out), `${nameOf(out)}_files`);

/** A folder of tiles and its descriptor, which any static file server can serve. */
export const folder: Kind = {
  name: "dzi",
  endings: [".dzi"],
  about: "Deep Zoom: NAME.dzi and the folder NAME_files",
  grid: deepZoomGrid,
  places: (out) => [out, filesOf(out)],
  open: (out, work, grid, picture) => new FolderSink(out, work, grid, picture),
};

/** A file a tile; equal tiles are links to one file. */
class FolderSink implements Sink {
  readonly #out: string;
  readonly #work: Workplace;
  readonly #picture: Picture;
  readonly #seen = new Duplicates();
  /** Files that are being written, by the keys of their tiles. */
  readonly #writing = new Map<number, Promise<void>>();

  constructor(out: string, work: Workplace, grid: Grid, picture: Picture) {
    this.#out = out;
    this.#work = work;
    this.#picture = picture;
    const { journal } = work;
    if (!isThere(work.path(TILES))) journal.clear();
    for (const { level } of grid.levels) {
      Deno.mkdirSync(work.path(join(TILES, `${level}`)), { recursive: true });
    }
    const spots = grid.spots(0)[Symbol.iterator]();
    for (const entry of journal.entries()) this.#seen.add(entry, keyOf(spots.next().value!));
    this.#removeLeftovers(grid, journal.count);
  }

  async put(spot: Spot, bytes: Uint8Array): Promise<Entry> {
    const entry = { ...measured(bytes), offset: 0 };
    const first = this.#seen.find(entry);
    if (first !== undefined && await this.#link(spot, bytes, first)) return entry;
    this.#seen.add(entry, keyOf(spot));
    const writing = Deno.writeFile(this.#path(spot), bytes, { createNew: true });
    this.#writing.set(keyOf(spot), writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(keyOf(spot));
    }
    return entry;
  }

  end(): void {
    const files = filesOf(this.#out);
    Deno.writeTextFileSync(this.#work.path(DESCRIPTOR), descriptor(this.#picture));
    for (const path of [this.#out, files]) {
      if (isThere(path)) Deno.removeSync(path, { recursive: true });
    }
    Deno.renameSync(this.#work.path(TILES), files);
    Deno.renameSync(this.#work.path(DESCRIPTOR), this.#out);
  }

  close(): void {}

  #path(spot: Pick<Spot, "level" | "x" | "y">): string {
    return this.#work.path(join(TILES, tileName(spot, this.#picture)));
  }

  /** Whether the tile was made a link to the file of the first one, which is equal. */
  async #link(spot: Spot, bytes: Uint8Array, first: number): Promise<boolean> {
    await this.#writing.get(first);
    const path = this.#path(placeOf(first));
    if (!equal(await Deno.readFile(path), bytes)) return false;
    try {
      await Deno.link(path, this.#path(spot));
      return true;
    } catch (error) {
      // Not every file system has links, and none has any number of them to one file.
      if (error instanceof Deno.errors.NotFound || isDiskFull(error)) throw error;
      return false;
    }
  }

  /** Tiles that had begun to be written and are in no journal: they may be links to others. */
  #removeLeftovers(grid: Grid, from: number): void {
    let left = LEFTOVERS;
    for (const spot of grid.spots(from)) {
      if (left-- === 0) break;
      const path = this.#path(spot);
      if (isThere(path)) Deno.removeSync(path);
    }
  }
}

// A tile's place as one number, which a million of them cost little to remember.
const SIDE = 2 ** 24;
const keyOf = ({ level, x, y }: Spot) => (level * SIDE + y) * SIDE + x;
const placeOf = (key: number) => ({
  ...{ level: Math.floor(key / SIDE / SIDE), x: key % SIDE, y: Math.floor(key / SIDE) % SIDE },
});
