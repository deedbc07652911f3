import { crc32 } from "node:zlib";
import type { Ops } from "../../compute/ops.ts";
import type { Pixels } from "./pixels.ts";

// PNG (W3C, 3rd edition): a signature, then chunks of length, type, data and CRC.
const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const TRUECOLOR_ALPHA = 6, INDEXED = 3;
/** sRGB chunk: rendering intent perceptual. */
const PERCEPTUAL = Uint8Array.of(0);

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** A PNG of either kind, in memory of its own. */
export function encodePng(ops: Ops, picture: Pixels): Uint8Array<ArrayBuffer> {
  const { kind, width, height } = picture;
  return kind === "rgba"
    ? encodeRgba(ops, picture.pixels, width, height)
    : encodeIndexed(ops, picture.indices, width, height, picture.palette);
}

/**
 * An 8-bit palette PNG. Entries that no index reaches are left out of the palette's end.
 * @param palette RGBA8 of 256 entries
 * @returns a file in memory of its own, which can be transferred to another thread
 */
export function encodeIndexed(
  ops: Ops,
  indices: Uint8Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return ops.frame(() => {
    const { colors, alphas } = splitPalette(palette, ops.largest(indices) + 1);
    return assemble([
      { type: "IHDR", data: header(width, height, INDEXED) },
      { type: "sRGB", data: PERCEPTUAL },
      { type: "PLTE", data: colors },
      ...(alphas.length > 0 ? [{ type: "tRNS", data: alphas }] : []),
      { type: "IDAT", data: compress(ops, indices, width, height, 1) },
    ]);
  });
}

/** A PNG of RGBA8, un-premultiplied; otherwise as `encodeIndexed`. */
export function encodeRgba(
  ops: Ops,
  pixels: Uint8Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  return ops.frame(() =>
    assemble([
      { type: "IHDR", data: header(width, height, TRUECOLOR_ALPHA) },
      { type: "sRGB", data: PERCEPTUAL },
      { type: "IDAT", data: compress(ops, pixels, width * 4, height, 4) },
    ])
  );
}

function compress(
  ops: Ops,
  bytes: Uint8Array,
  width: number,
  height: number,
  pixel: number,
): Uint8Array {
  return ops.zlib(ops.filterRows(bytes, width, height, pixel), width + 1);
}

function header(width: number, height: number, colorType: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8);
  view.setUint8(9, colorType);
  return new Uint8Array(view.buffer);
}

/** The first `used` entries as PLTE has them, and as tRNS: up to the last that is not opaque. */
function splitPalette(
  palette: Uint8Array,
  used: number,
): { colors: Uint8Array; alphas: Uint8Array } {
  const colors = new Uint8Array(used * 3);
  const alphas = new Uint8Array(used);
  let translucent = 0;
  for (let i = 0; i < used; i++) {
    colors[i * 3] = palette[i * 4]!;
    colors[i * 3 + 1] = palette[i * 4 + 1]!;
    colors[i * 3 + 2] = palette[i * 4 + 2]!;
    alphas[i] = palette[i * 4 + 3]!;
    if (alphas[i] !== 255) translucent = i + 1;
  }
  return { colors, alphas: alphas.subarray(0, translucent) };
}

function assemble(body: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const chunks = [...body, { type: "IEND", data: new Uint8Array(0) }];
  const size = chunks.reduce((sum, { data }) => sum + 12 + data.length, SIGNATURE.length);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length);
    for (let i = 0; i < 4; i++) view.setUint8(at + 4 + i, type.charCodeAt(i));
    file.set(data, at + 8);
    // Twelve times as fast as slicing by 16 in WASM: zlib has the processor's own instruction.
    view.setUint32(at + 8 + data.length, crc32(file.subarray(at + 4, at + 8 + data.length)));
    at += 12 + data.length;
  }
  return file;
}
