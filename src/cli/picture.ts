import { BadRequest, FormatError, NotFound, TooLarge, Unreadable } from "../errors.ts";
import type { Target } from "../field/automaton/training/target.ts";

/** Pixels that a side of a picture may have, and bytes of its file. */
const MOST = 4096, MOST_BYTES = 1 << 25;

/**
 * A picture as a target, shrunk to at most `size` pixels a side, or laid into the middle of a plane: red,
 * green and blue, each times the opacity, then that, from 0 to 1. Throws where it cannot be read, is no
 * picture, too large or empty.
 */
export async function readPicture(
  path: string,
  size: number | { readonly width: number; readonly height: number },
): Promise<Target> {
  const bytes = await readFile(path);
  const { default: sharp } = await import("sharp").catch((cause) => {
    const message = "a picture as a target needs sharp, which does not load here; name MODEL LAYER";
    throw new BadRequest(message, { file: path }, cause);
  });
  const refuse = (cause: unknown) =>
    new FormatError(`${path} cannot be read as a picture`, { file: path }, cause);
  if (bytes.length === 0) throw refuse(new RangeError("the file is empty"));
  const image = sharp(bytes, { limitInputPixels: MOST * MOST });
  const { width, height } = await image.metadata().catch((cause) => {
    throw refuse(cause);
  });
  if (width > MOST || height > MOST) {
    throw new TooLarge(`${path} is ${width} × ${height} pixels, at most ${MOST} a side are read`, {
      ...{ file: path, found: [width, height], limit: MOST },
    });
  }
  const { data, info } = await image.toColourspace("srgb").ensureAlpha()
    .resize(
      typeof size === "number"
        ? { width: size, height: size, fit: "inside", withoutEnlargement: true }
        : { ...size, fit: "contain", background: "transparent" },
    )
    .raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw refuse(cause);
    });
  const count = info.width * info.height;
  const opacity = Float32Array.from({ length: count }, (_, i) => data[i * 4 + 3]! / 255);
  if (opacity.every((value) => value === 0)) {
    throw new BadRequest(`${path} is transparent all over: there is nothing to grow`, {
      file: path,
    });
  }
  const colours = [0, 1, 2].map((c) => opacity.map((value, i) => value * data[i * 4 + c]! / 255));
  return { width: info.width, height: info.height, channels: [...colours, opacity] };
}

async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw new BadRequest(`${path} is no file`, { file: path });
    if (size > MOST_BYTES) {
      throw new TooLarge(`${path} has ${size} bytes, at most ${MOST_BYTES} are read`, {
        ...{ file: path, found: size, limit: MOST_BYTES },
      });
    }
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new NotFound(`there is no file ${path}`, { file: path }, error);
    }
    if (error instanceof BadRequest || error instanceof TooLarge) throw error;
    throw new Unreadable(`${path} cannot be read: ${(error as Error).message}`, { file: path });
  }
}

/** A target's colours on white paper, without their opacity. */
export function onPaper({ channels, ...size }: Target): Target {
  const opacity = channels[3]!;
  const colours = channels.slice(0, 3)
    .map((values) => values.map((value, i) => value + 1 - opacity[i]!));
  return { ...size, channels: colours };
}
