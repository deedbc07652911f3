import type { Sharp, SharpConstructor } from "sharp";
import { BadRequest } from "../../errors.ts";
import { type Pixels, toRgba } from "./pixels.ts";

/** JPEG has no transparency: what is transparent becomes white, as on paper. */
const PAPER = "#ffffff";

/** Formats that need sharp. Chroma stays at full resolution: neighbouring pixels are unrelated. */
const writers = {
  webp: (image: Sharp) => image.webp({ lossless: true, effort: 0, exact: true }),
  jpg: (image: Sharp) =>
    image.flatten({ background: PAPER }).jpeg({ quality: 85, chromaSubsampling: "4:4:4" }),
  avif: (image: Sharp) => image.avif({ quality: 70, effort: 1, chromaSubsampling: "4:4:4" }),
};
export type RasterFormat = keyof typeof writers;

/**
 * WebP (lossless), JPEG or AVIF. The pixels are copied before this returns its promise, so they
 * may lie in scratch memory.
 * Throws `BadRequest`, naming the formats that are left, where sharp cannot be loaded.
 */
export function encodeRaster(
  pixels: Pixels,
  format: RasterFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height } = pixels;
  return write(toRgba(pixels), width, height, format);
}

async function write(
  rgba: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  format: RasterFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const sharp = await load(format);
  const image = sharp(rgba, { raw: { width, height, channels: 4 } });
  const { buffer, byteOffset, byteLength } = await writers[format](image).toBuffer();
  // Small results share a pool of Node's, which must not be transferred.
  return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** sharp, which is native code that a host may not have or allow. */
async function load(format: RasterFormat): Promise<SharpConstructor> {
  try {
    const { default: sharp } = await import("sharp");
    // Workers draw tiles in parallel; no tile is encoded twice.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  } catch (cause) {
    throw new BadRequest(
      `.${format} needs sharp, which does not load here; .png, .npy and .bin do without`,
      { parameter: "format", found: format, allowed: ["png", "npy", "bin"] },
      cause,
    );
  }
}
