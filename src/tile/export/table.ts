import { folder } from "./folder.ts";
import { pmtiles } from "./pmtiles.ts";
import type { Kind } from "./sink.ts";
import { zip } from "./zip.ts";

/** Every kind of pyramid that can be written. */
export const kinds: readonly Kind[] = [folder, zip, pmtiles];
