import { BadRequest, TooLarge } from "../errors.ts";
import { show } from "../formats/malformed.ts";
import { type Element, encode, isFraction } from "./elements.ts";
import type { Input } from "./inputs.ts";

/** What becomes of a picture's values, which are from 0 to 1: value × scale + shift. */
export interface Scaling {
  readonly scale: number;
  readonly shift: number;
}

/** Pixels that a side of a picture may have, in a file and as an input. */
const MOST = 4096;

/**
 * A picture as an input [n, channels, height, width]: resized to fill its sides, grey for one
 * channel, red, green and blue for three; for integers 0 to 255 unless scaled otherwise. Throws
 * `BadRequest` where it is no picture, or the input takes none.
 */
export async function readImage(
  { name, element, sides }: {
    readonly name: string;
    readonly element: Element;
    readonly sides: readonly string[] | null;
  },
  file: Uint8Array,
  { scale, shift }: Scaling,
): Promise<Input> {
  const [, channels = 0, height = 0, width = 0] = sides?.map(Number) ?? [];
  const isKnown = [height, width].every((side) => side > 0 && side <= MOST);
  if (sides?.length !== 4 || (channels !== 1 && channels !== 3) || !isKnown) {
    throw new BadRequest(
      `a picture cannot be put into ${show(name)}, which is [${sides?.join(", ") ?? "any"}]: ` +
        `expected [n, 1 or 3, height, width] with sides of up to ${MOST}`,
      { parameter: "inputs", found: sides, expected: "[n, 1 or 3, height, width]" },
    );
  }
  const { default: sharp } = await import("sharp").catch((cause) => {
    const message = "a picture needs sharp, which does not load here; .npy and JSON do without";
    throw new BadRequest(message, { parameter: "inputs" }, cause);
  });
  const refuse = (cause: unknown) =>
    new BadRequest("the body cannot be read as a picture", { parameter: "inputs" }, cause);
  if (file.length === 0) throw refuse(new RangeError("there is none"));
  const image = sharp(file, { limitInputPixels: MOST * MOST });
  const found = await image.metadata().catch((cause) => {
    throw refuse(cause);
  });
  if (found.width > MOST || found.height > MOST) {
    throw new TooLarge(`the picture is ${found.width} × ${found.height}, at most ${MOST} a side`, {
      ...{ found: [found.width, found.height], limit: MOST },
    });
  }
  const pixels = await image.autoOrient().flatten()
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .resize(width, height, { fit: "fill" }).raw({ depth: "uchar" }).toBuffer()
    .catch((cause) => {
      throw refuse(cause);
    });
  const area = width * height, full = isFraction(element) ? 255 : 1;
  const values = Array.from({ length: channels * area }, (_, i) => {
    const value = pixels[i % area * channels + Math.floor(i / area)]! / full * scale + shift;
    return isFraction(element) ? value : Math.round(value);
  });
  const bytes = encode(element, values);
  if ("odd" in bytes) {
    throw new BadRequest(`scale and shift make ${bytes.odd}, expected ${element.onnx}`, {
      ...{ parameter: "scale", found: bytes.odd },
    });
  }
  return { name, element, shape: [1, channels, height, width], bytes };
}
