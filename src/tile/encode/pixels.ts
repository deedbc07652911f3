/** A picture ready to be encoded: rows of `width` pixels, top first. May lie in scratch memory. */
export type Pixels =
  | {
    readonly kind: "indexed";
    /** One palette entry a pixel. */
    readonly indices: Uint8Array;
    /** RGBA8 of 256 entries, un-premultiplied. */
    readonly palette: Uint8Array;
    readonly width: number;
    readonly height: number;
  }
  | {
    readonly kind: "rgba";
    /** RGBA8, un-premultiplied. */
    readonly pixels: Uint8Array;
    readonly width: number;
    readonly height: number;
  };

/** RGBA8 of a picture, in memory of its own. */
export function toRgba(picture: Pixels): Uint8Array<ArrayBuffer> {
  if (picture.kind === "rgba") return picture.pixels.slice();
  const { indices, palette } = picture;
  // A palette need not be aligned to whole words, so it is copied into one that is.
  const colors = new Uint32Array(256);
  new Uint8Array(colors.buffer).set(palette);
  const rgba = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) rgba[i] = colors[indices[i]!]!;
  return new Uint8Array(rgba.buffer);
}
