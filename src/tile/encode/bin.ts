import { type Pixels, toRgba } from "./pixels.ts";

/**
 * Raw RGBA8, un-premultiplied, row by row without padding or header, as a GPU takes a texture. Of
 * a picture of one value it is the colours, not the values: those are `npy`.
 */
export const encodeBin = (pixels: Pixels): Uint8Array<ArrayBuffer> => toRgba(pixels);
