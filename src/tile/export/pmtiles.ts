import { gzipSync } from "node:zlib";
import { TILE } from "../../field/plane.ts";
import { DataFile } from "./data_file.ts";
import { Duplicates, equal, measured } from "./duplicates.ts";
import { type Grid, type Spot, xyzGrid } from "./grid.ts";
import { tileId } from "./hilbert.ts";
import { directory, type Run, runsOf } from "./pmtiles_directory.ts";
import { HEADER, header } from "./pmtiles_header.ts";
import type { Entry, Kind, Picture, Sink } from "./sink.ts";
import type { Workplace } from "./workplace.ts";

const DATA = "data";
// Readers ask for so much first, and find the root directory in it. Tiles follow, and metadata and
// leaf directories behind them, so that tiles are written as they come.
const HEAD = 16384;
/** Runs in a leaf directory, at first: a few tens of kilobytes. */
const LEAF = 4096;

/** Tiles of 256 × 256 pixels on the grid of web maps, in one file that is read by ranges. */
export const pmtiles: Kind = {
  name: "pmtiles",
  endings: [".pmtiles"],
  about: "PMTiles version 3: one file, which viewers read by ranges",
  grid: xyzGrid,
  places: (out) => [out],
  open: (out, work, grid, picture) => new PmtilesSink(out, work, grid, picture),
};

/** Equal tiles are written once. */
class PmtilesSink implements Sink {
  readonly #out: string;
  readonly #work: Workplace;
  readonly #grid: Grid;
  readonly #picture: Picture;
  readonly #data: DataFile;
  readonly #seen = new Duplicates();

  constructor(out: string, work: Workplace, grid: Grid, picture: Picture) {
    this.#out = out;
    this.#work = work;
    this.#grid = grid;
    this.#picture = picture;
    this.#data = new DataFile(work.path(DATA));
    let end = HEAD;
    for (const entry of work.journal.entries()) {
      end = Math.max(end, entry.offset + entry.length);
      this.#seen.add(entry, entry.offset);
    }
    if (this.#data.end < end) {
      work.journal.clear();
      end = HEAD;
    }
    this.#data.truncate(end);
  }

  put(_: Spot, bytes: Uint8Array): Entry {
    const content = measured(bytes);
    const twin = this.#seen.find(content);
    if (twin !== undefined && equal(this.#data.read(twin, bytes.length), bytes)) {
      return { ...content, offset: twin };
    }
    const offset = this.#data.end;
    this.#data.append(bytes);
    this.#seen.add(content, offset);
    return { ...content, offset };
  }

  end(): void {
    const data = this.#data;
    const tiles = { offset: HEAD, length: data.end - HEAD };
    const metadata = this.#append(gzipSync(JSON.stringify(this.#metadata())));
    const { root, leaves, runs } = this.#directories();
    data.overwrite(root, HEADER);
    data.overwrite(
      header({
        ...{ metadata, leaves, tiles },
        root: { offset: HEADER, length: root.length },
        counts: { addressed: this.#grid.count, runs, contents: this.#contents() },
        image: this.#picture.image,
        maxZoom: this.#grid.levels.at(-1)!.level,
        ...this.#share(),
      }),
      0,
    );
    data.moveTo(this.#out);
  }

  close(): void {
    this.#data.close();
  }

  #append(bytes: Uint8Array) {
    const offset = this.#data.end;
    this.#data.append(bytes);
    return { offset, length: bytes.length };
  }

  /** Writes leaf directories, ever longer ones until the root that lists them is short enough. */
  #directories() {
    const start = this.#data.end;
    for (let size = LEAF;; size *= 2) {
      this.#data.truncate(start);
      const listed: Run[] = [];
      let leaf: Run[] = [];
      let runs = 0;
      const flush = () => {
        const { offset, length } = this.#append(directory(leaf));
        listed.push({ id: leaf[0]!.id, run: 0, offset: offset - start, length });
        leaf = [];
      };
      for (const run of this.#runs()) {
        if (leaf.length === size) flush();
        leaf.push(run);
        runs++;
      }
      const leaves = { offset: start, length: 0 };
      if (listed.length === 0) {
        const root = directory(leaf);
        if (root.length <= HEAD - HEADER) return { root, leaves, runs };
      }
      flush();
      const root = directory(listed);
      leaves.length = this.#data.end - start;
      if (root.length <= HEAD - HEADER) return { root, leaves, runs };
    }
  }

  *#runs(): Generator<Run> {
    const entries = this.#work.journal.entries();
    const tiles = this.#grid.spots(0)[Symbol.iterator]();
    yield* runsOf(entries.map(({ offset, length }) => {
      const { level, x, y } = tiles.next().value as Spot;
      return { id: tileId(level, x, y), offset: offset - HEAD, length };
    }));
  }

  /** How many different ones: each begins where all before it end. */
  #contents(): number {
    let count = 0, end = HEAD;
    for (const { offset, length } of this.#work.journal.entries()) {
      if (offset < end) continue;
      count++;
      end = offset + length;
    }
    return count;
  }

  #share() {
    const { width, height } = this.#picture;
    const side = TILE * 2 ** this.#grid.levels.at(-1)!.level;
    return { across: width / side, down: height / side };
  }

  #metadata() {
    const { title, width, height, image, facts } = this.#picture;
    return { name: title, type: "overlay", format: image, synaptile: { width, height, ...facts } };
  }
}
