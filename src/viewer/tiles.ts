import type { Legend, Subject } from "./api.ts";
import { problem, tileUrl } from "./api.ts";
import { ask } from "./access.ts";

/** A channel of packed tiles that is shown by itself. */
export type Channel = "R" | "G" | "B" | "A";

/** How the page wants a picture's tiles: as it is, or of packed values one or all channels. */
export type Looks = "colours" | "all channels" | Channel;

export function looksOf({ channels }: Legend, chosen: Channel | null): Looks {
  return channels ? chosen ?? "all channels" : "colours";
}

/**
 * The address of a tile for `loadTile`. Packed tiles are asked for raw, since a browser loses the
 * colours of a PNG where alpha, there a channel like the others, is 0.
 */
export function tileAddress(
  subject: Subject,
  looks: Looks,
  z: number,
  x: number,
  y: number,
  density: 1 | 2 = 1,
): string {
  if (looks === "colours") return tileUrl(subject, z, x, y, { density });
  const raw = tileUrl(subject, z, x, y, { density, format: "bin" });
  return `${raw}#${looks === "all channels" ? "RGB" : looks}`;
}

/** A tile's picture, and how much of the truth it is. */
export interface Loaded {
  readonly picture: ImageBitmap;
  /** Share of the values that it is made from. */
  readonly share: number;
  /** Standard error of its pixels in units of the layers' scales; null where it is not told. */
  readonly error: number | null;
}

/** Fetches a tile and decodes it. Throws `Problem` in the server's words. */
export async function loadTile(
  address: string,
  { signal = null, ...init }: Pick<RequestInit, "signal" | "priority" | "cache"> = {},
): Promise<Loaded> {
  const [url = "", shown] = address.split("#");
  const response = await ask(url, { ...init, signal });
  if (!response.ok) throw await problem(response);
  const { headers } = response;
  const error = headers.get("Synaptile-Standard-Error");
  return {
    picture: await pictureOf(response, shown),
    share: Number(headers.get("Synaptile-Refinement") ?? 1),
    error: error === null ? null : Number(error),
  };
}

async function pictureOf(response: Response, shown: string | undefined): Promise<ImageBitmap> {
  if (shown === undefined) return await createImageBitmap(await response.blob());
  const pixels = new Uint8ClampedArray(await response.arrayBuffer());
  show(pixels, shown);
  const side = Math.sqrt(pixels.length / 4);
  return await createImageBitmap(new ImageData(pixels, side, side));
}

/** Makes packed pixels opaque: three channels as they are, or one of them as grey. */
function show(pixels: Uint8ClampedArray, shown: string): void {
  const channel = shown.length === 1 ? "RGBA".indexOf(shown) : -1;
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  for (let i = 0; i < words.length; i++) {
    // Where no cell is, all four bytes are 0.
    if (words[i] === 0) continue;
    const at = i * 4;
    if (channel >= 0) pixels.fill(pixels[at + channel]!, at, at + 3);
    pixels[at + 3] = 255;
  }
}
