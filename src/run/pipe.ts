import { join } from "../storage/join.ts";

/** All that comes, as one array. Throws `limit`'s error where there is more than it allows. */
export async function readAll(
  stream: AsyncIterable<Uint8Array>,
  limit?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    limit?.(length += chunk.length);
    chunks.push(chunk);
  }
  return join(chunks);
}

/** Writes parts one after the other, and closes the stream. */
export async function writeAll(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const writer = stream.getWriter();
  for (const part of parts) await writer.write(part);
  await writer.close();
}
