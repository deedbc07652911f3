/** A colour map, as the catalogue and the validation of `colormap=` know it. */
export interface Colormap {
  /** As it stands in URLs: lower case, never renamed. */
  readonly name: string;
  readonly title: string;
  /** Diverging: the middle is zero. Sequential: dark to light or back. Cyclic: the ends meet. */
  readonly kind: "diverging" | "sequential" | "cyclic";
}

/**
 * Every colour map; the colours are in `colour.ts`. Ours come first and follow SPEC (below zero
 * blue, above zero red). The others keep the direction of their authors: `rdbu` is red at the low
 * end, as in d3 and matplotlib, so a reader who wants blue there asks for `colormap_reverse`.
 */
export const colormaps = [
  { name: "synaptile", title: "Synaptile: blue, white at zero, red", kind: "diverging" },
  { name: "ember-ice", title: "Ember and ice: cyan, black at zero, orange", kind: "diverging" },
  { name: "brbg", title: "Brown, blue-green", kind: "diverging" },
  { name: "prgn", title: "Purple, green", kind: "diverging" },
  { name: "piyg", title: "Pink, yellow-green", kind: "diverging" },
  { name: "puor", title: "Orange, purple", kind: "diverging" },
  { name: "rdbu", title: "Red, blue", kind: "diverging" },
  { name: "rdgy", title: "Red, grey", kind: "diverging" },
  { name: "rdylbu", title: "Red, yellow, blue", kind: "diverging" },
  { name: "rdylgn", title: "Red, yellow, green", kind: "diverging" },
  { name: "spectral", title: "Spectral", kind: "diverging" },
  { name: "hypsometric", title: "Heights: green, sand, brown, snow", kind: "sequential" },
  { name: "viridis", title: "Viridis", kind: "sequential" },
  { name: "magma", title: "Magma", kind: "sequential" },
  { name: "inferno", title: "Inferno", kind: "sequential" },
  { name: "plasma", title: "Plasma", kind: "sequential" },
  { name: "cividis", title: "Cividis", kind: "sequential" },
  { name: "turbo", title: "Turbo", kind: "sequential" },
  { name: "hot", title: "Hot", kind: "sequential" },
  { name: "cubehelix", title: "Cubehelix", kind: "sequential" },
  { name: "warm", title: "Warm", kind: "sequential" },
  { name: "cool", title: "Cool", kind: "sequential" },
  { name: "greys", title: "Greys", kind: "sequential" },
  { name: "blues", title: "Blues", kind: "sequential" },
  { name: "greens", title: "Greens", kind: "sequential" },
  { name: "oranges", title: "Oranges", kind: "sequential" },
  { name: "purples", title: "Purples", kind: "sequential" },
  { name: "reds", title: "Reds", kind: "sequential" },
  { name: "bugn", title: "Blue to green", kind: "sequential" },
  { name: "bupu", title: "Blue to purple", kind: "sequential" },
  { name: "gnbu", title: "Green to blue", kind: "sequential" },
  { name: "orrd", title: "Orange to red", kind: "sequential" },
  { name: "pubu", title: "Purple to blue", kind: "sequential" },
  { name: "pubugn", title: "Purple, blue, green", kind: "sequential" },
  { name: "purd", title: "Purple to red", kind: "sequential" },
  { name: "rdpu", title: "Red to purple", kind: "sequential" },
  { name: "ylgn", title: "Yellow to green", kind: "sequential" },
  { name: "ylgnbu", title: "Yellow, green, blue", kind: "sequential" },
  { name: "ylorbr", title: "Yellow, orange, brown", kind: "sequential" },
  { name: "ylorrd", title: "Yellow, orange, red", kind: "sequential" },
  { name: "twilight", title: "Twilight", kind: "cyclic" },
  { name: "rainbow", title: "Rainbow", kind: "cyclic" },
  { name: "sinebow", title: "Sinebow", kind: "cyclic" },
] as const satisfies readonly Colormap[];

export type ColormapName = (typeof colormaps)[number]["name"];

/** Whether there is a colour map of that name. */
export const isColormap = (name: string): name is ColormapName =>
  colormaps.some((map) => map.name === name);

/** Colours of values that have no place on a ramp. */
export const specialColors = {
  nan: "#ff00ff",
  positiveInfinity: "#ffff00",
  negativeInfinity: "#00ffff",
  line: "#6b6b6b",
} as const;
