import sharp from "sharp";
import type { Address, Engine, PlaneInfo } from "../../src/tile/tile.ts";

/** What a plane looks like at some zoom, put together of its tiles. */
export interface Whole {
  readonly width: number;
  readonly height: number;
  /** As `.npy` has them. */
  readonly values: Float32Array;
  /** As a PNG reader has them. */
  readonly rgba: Uint32Array;
}

/** The numbers of an .npy file of two axes. */
export function npy(bytes: Uint8Array): { values: Float32Array; width: number; height: number } {
  const start = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true) + 10;
  const shape = new TextDecoder().decode(bytes.subarray(10, start)).match(/\((\d+), (\d+)\)/)!;
  const [height, width] = shape.slice(1).map(Number) as [number, number];
  return { values: new Float32Array(bytes.slice(start).buffer), width, height };
}

/** RGBA of a picture in any format that sharp reads. */
export async function pixels(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).ensureAlpha().raw()
    .toBuffer({ resolveWithObject: true });
  return { rgba: new Uint32Array(new Uint8Array(data).buffer), ...info };
}

/** All of a plane where a pixel is 2^`log2` cells a side, from tiles cut to the plane. */
export async function whole(
  engine: Engine,
  plane: PlaneInfo,
  subject: Pick<Address, "layer" | "mode"> & Partial<Address>,
  log2: number,
): Promise<Whole> {
  const z = plane.nativeZoom - log2;
  const width = Math.ceil(plane.width * 2 ** -log2), height = Math.ceil(plane.height * 2 ** -log2);
  const values = new Float32Array(width * height), rgba = new Uint32Array(width * height);
  const base = { model: "model", density: 1, crop: true, query: new URLSearchParams() } as const;
  for (let y = 0; y * 256 < height; y++) {
    for (let x = 0; x * 256 < width; x++) {
      const draw = async (format: "npy" | "png") =>
        (await engine.ticket({ ...base, ...subject, z, x, y, format }).tile()).bytes;
      const numbers = npy(await draw("npy")), colours = await pixels(await draw("png"));
      for (let row = 0; row < numbers.height; row++) {
        const from = row * numbers.width, to = from + numbers.width;
        const at = (y * 256 + row) * width + x * 256;
        values.set(numbers.values.subarray(from, to), at);
        rgba.set(colours.rgba.subarray(from, to), at);
      }
    }
  }
  return { width, height, values, rgba };
}
