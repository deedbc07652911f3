import { basename, extname } from "node:path";
import type { Spot } from "./grid.ts";
import type { Picture } from "./sink.ts";
import { TILE } from "../../field/plane.ts";

/** The XML that a Deep Zoom viewer opens. */
export const descriptor = ({ width, height, image }: Picture): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="${image}" Overlap="0" TileSize="${TILE}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;

/** Of a tile below `NAME_files`. */
export const tileName = (
  { level, x, y }: Pick<Spot, "level" | "x" | "y">,
  { image }: Picture,
): string => `${level}/${x}_${y}.${image}`;

/** What an output is called without its ending. */
export const nameOf = (out: string): string => basename(out, extname(out));
