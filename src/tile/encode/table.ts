import type { Ops } from "../../compute/ops.ts";
import type { TileFormat } from "../tile.ts";
import { encodeBin } from "./bin.ts";
import { encodeNpy } from "./npy.ts";
import type { Pixels } from "./pixels.ts";
import { encodePng } from "./png.ts";
import { encodeRaster } from "./raster.ts";

/** A file in memory of its own: at once, or later where the encoder waits for other threads. */
export type Encoded = Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

/** `values` are the picture's numbers before colour, one a pixel. */
type Encoder = (ops: Ops, pixels: Pixels, values: Float32Array) => Encoded;

/** How each format is written; its content type is in `formats`. */
const encoders: Readonly<Record<TileFormat, Encoder>> = {
  png: encodePng,
  webp: (_, pixels) => encodeRaster(pixels, "webp"),
  jpg: (_, pixels) => encodeRaster(pixels, "jpg"),
  avif: (_, pixels) => encodeRaster(pixels, "avif"),
  npy: (_, { width, height }, values) => encodeNpy(values, width, height),
  bin: (_, pixels) => encodeBin(pixels),
};

/** Encodes a picture. All arguments have been read when this returns, so they may be scratch. */
export const encode = (ops: Ops, format: TileFormat, pixels: Pixels, values: Float32Array) =>
  encoders[format](ops, pixels, values);
