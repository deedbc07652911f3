import type { Cursor } from "./cursor.ts";
import { findMessage, MESSAGE, type Message } from "./header.ts";
import type { Reader } from "./reader.ts";

/** Whether elements that were never written read as zeros. */
export async function isZero(reader: Reader, messages: readonly Message[]): Promise<boolean> {
  const body = await findMessage(reader, messages, MESSAGE.fill);
  if (body) return value(body).every((byte) => byte === 0);
  const old = await findMessage(reader, messages, MESSAGE.oldFill);
  return !old || old.take(old.u32()).every((byte) => byte === 0);
}

/** The fill value message, versions 1 to 3. */
function value(body: Cursor): Uint8Array {
  const version = body.version(1, 2, 3);
  if (version === 3) return body.u8() & 0x20 ? body.take(body.u32()) : new Uint8Array();
  body.skip(2); // when space is taken, when it is filled
  const defined = body.u8() !== 0 || version === 1;
  return defined && body.left >= 4 ? body.take(body.u32()) : new Uint8Array();
}
