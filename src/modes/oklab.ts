/** Three numbers: sRGB in 0..1, or OKLab as lightness 0..1, a (green–red), b (blue–yellow). */
export type Triple = readonly [number, number, number];

/**
 * sRGB (0..1, clamped) of an OKLab colour.
 * Source: B. Ottosson, "A perceptual color space for image processing" (2020); IEC 61966-2-1.
 */
export function toSrgb([lightness, a, b]: Triple): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
  ];
}

/** OKLab of an sRGB colour. Same sources. */
export function toOklab(rgb: Triple): Triple {
  const [r, g, b] = rgb.map(decode) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
  ];
}

/** sRGB (0..1) of "#rrggbb" or "rgb(r, g, b)". */
export function parseColor(css: string): Triple {
  const parts = css.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(css.slice(at, at + 2), 16))
    : css.match(/[\d.]+/g)?.map(Number) ?? [];
  const [r = NaN, g = NaN, b = NaN] = parts;
  return [r / 255, g / 255, b / 255];
}

function encode(linear: number): number {
  const x = Math.min(1, Math.max(0, linear));
  return x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
}

function decode(x: number): number {
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
}
