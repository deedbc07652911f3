import { crc32 } from "node:zlib";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * A PNG file, RGBA8, as it comes: `rows` yields whole rows of `width` pixels, top first, as many in
 * one piece as it likes. Memory stays at one piece, whatever the size of the picture.
 */
export async function* pngStream(
  width: number,
  height: number,
  rows: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, 6);
  yield SIGNATURE;
  yield chunk("IHDR", new Uint8Array(header.buffer));
  const deflated = ReadableStream.from(filtered(rows, width * 4))
    .pipeThrough(new CompressionStream("deflate"));
  for await (const part of deflated) yield chunk("IDAT", part);
  yield chunk("IEND", new Uint8Array());
}

/** Each row behind the number of its filter: 0, none, which suits noise as well as any. */
async function* filtered(
  rows: AsyncIterable<Uint8Array>,
  pitch: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const piece of rows) {
    const count = piece.length / pitch;
    const lines = new Uint8Array(count * (pitch + 1));
    for (let y = 0; y < count; y++) {
      lines.set(piece.subarray(y * pitch, (y + 1) * pitch), y * (pitch + 1) + 1);
    }
    yield lines;
  }
}

/** Length, type, data, CRC-32 of type and data (PNG, third edition, 5.3). */
function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
