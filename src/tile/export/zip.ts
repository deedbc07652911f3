import { Buffer } from "node:buffer";
import { DataFile } from "./data_file.ts";
import { descriptor, nameOf, tileName } from "./deep_zoom.ts";
import { measured } from "./duplicates.ts";
import { deepZoomGrid, type Grid, type Spot } from "./grid.ts";
import type { Entry, Kind, Picture, Sink } from "./sink.ts";
import type { Workplace } from "./workplace.ts";
import { directoryEntry, endOfDirectory, localHeader, localHeaderLength } from "./zip_records.ts";

const DATA = "data";
/** Bytes of the directory written at once. */
const PIECE = 1 << 16;

/**
 * The same in one file, in a folder NAME of its own, nothing deflated: a viewer that knows zip files
 * reads tiles where they lie. Equal tiles are stored again, as a zip file has no links.
 */
export const zip: Kind = {
  name: "zip",
  endings: [".zip", ".szi"],
  about: "the same in a zip file that deflates nothing; .szi is the same again",
  grid: deepZoomGrid,
  places: (out) => [out],
  open: (out, work, grid, picture) => new ZipSink(out, work, grid, picture),
};

/** Members in the order in which they come; the directory is made from the journal at the end. */
class ZipSink implements Sink {
  readonly #out: string;
  readonly #work: Workplace;
  readonly #grid: Grid;
  readonly #picture: Picture;
  readonly #data: DataFile;
  readonly #descriptor: Uint8Array<ArrayBuffer>;

  constructor(out: string, work: Workplace, grid: Grid, picture: Picture) {
    this.#out = out;
    this.#work = work;
    this.#grid = grid;
    this.#picture = picture;
    this.#descriptor = new TextEncoder().encode(descriptor(picture));
    this.#data = new DataFile(work.path(DATA));
    let end = 0;
    for (const { offset, length } of work.journal.entries()) end = offset + length;
    if (end === 0 || this.#data.end < end) {
      work.journal.clear();
      this.#data.truncate(0);
      this.#append(this.#descriptorName, this.#descriptor);
    } else this.#data.truncate(end);
  }

  put(spot: Spot, bytes: Uint8Array): Entry {
    return this.#append(this.#tileName(spot), bytes);
  }

  end(): void {
    const data = this.#data, start = data.end;
    const entries = this.#work.journal.entries();
    let members = 1;
    let lines = [directoryEntry({ name: this.#descriptorName, ...measured(this.#descriptor) }, 0)];
    let held = 0;
    const flush = () => {
      data.append(new Uint8Array(Buffer.concat(lines)));
      [lines, held] = [[], 0];
    };
    for (const spot of this.#grid.spots(0)) {
      const { offset, ...rest } = entries.next().value!;
      const name = this.#tileName(spot);
      const line = directoryEntry({ name, ...rest }, offset - localHeaderLength(name));
      lines.push(line);
      members++;
      if ((held += line.length) > PIECE) flush();
    }
    flush();
    for (const part of endOfDirectory(members, start, data.end - start)) data.append(part);
    data.moveTo(this.#out);
  }

  close(): void {
    this.#data.close();
  }

  get #descriptorName(): string {
    return `${nameOf(this.#out)}/${nameOf(this.#out)}.dzi`;
  }

  #tileName(spot: Spot): string {
    const name = nameOf(this.#out);
    return `${name}/${name}_files/${tileName(spot, this.#picture)}`;
  }

  #append(name: string, bytes: Uint8Array): Entry {
    const content = measured(bytes);
    this.#data.append(localHeader({ name, ...content }));
    const offset = this.#data.end;
    this.#data.append(bytes);
    return { ...content, offset };
  }
}
