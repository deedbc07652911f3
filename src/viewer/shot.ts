import type { Box } from "./box.ts";

/** A picture of a part of a plane whose sides are 1. */
export interface Shot {
  readonly picture: ImageBitmap;
  readonly part: Box;
}
