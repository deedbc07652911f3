import type { TileFormat } from "../tile.ts";
import type { Grid, Spot } from "./grid.ts";
import type { Workplace } from "./workplace.ts";

/** Image formats that viewers of pyramids show. */
export type ImageFormat = Extract<TileFormat, "png" | "webp" | "jpg" | "avif">;
export const images: readonly ImageFormat[] = ["png", "webp", "jpg", "avif"];

/** Where a tile went. */
export interface Entry {
  /** Of its first byte, where tiles share a file. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
  /** CRC-32 of the tile. */
  readonly sum: number;
}

/** What is exported, in the words of a viewer that knows nothing of engines. */
export interface Picture {
  /** Of one line. */
  readonly title: string;
  /** In pixels, at the nearest zoom. */
  readonly width: number;
  readonly height: number;
  readonly image: ImageFormat;
  /** What was asked for, as it goes into metadata. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Receives the tiles of one export. */
export interface Sink {
  /**
   * Takes a tile. They come in the grid's order; the next one comes before the promise of the last
   * ones is kept.
   */
  put(spot: Spot, bytes: Uint8Array): Entry | Promise<Entry>;
  /** Every tile is there and in the journal: puts the whole in its place. */
  end(): void;
  close(): void;
}

/** A kind of export: one file a kind, named in `table.ts`. */
export interface Kind {
  /** As `--format` names it. */
  readonly name: string;
  /** Of output files, with their dots. */
  readonly endings: readonly string[];
  readonly about: string;
  /** Of a picture of that size, whose nearest tiles are those of zoom `z`. */
  grid(width: number, height: number, z: number): Grid;
  /** Paths that an export to `out` puts in place. */
  places(out: string): readonly string[];
  /** Goes on behind the tiles in the journal, or begins anew where they are not there any more. */
  open(out: string, work: Workplace, grid: Grid, picture: Picture): Sink;
}
