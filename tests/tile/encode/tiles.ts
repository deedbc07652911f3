/** Seeded tiles of 256 × 256 palette entries, such as models give. */

/** Uniform in (0, 1): Mulberry32, so that every run sees the same. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Standard normal, by Box and Muller. */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

const SIZE = 256;
type Draw = (random: () => number) => (x: number, y: number) => number;

const kinds = {
  /** N(0.5, 0.12), independent: weights on a linear scale. */
  noisy: (random) => () => 250 * (0.5 + 0.12 * normal(random)),
  /** Slow waves: statistics far out. */
  smooth: (random) => {
    const a = 0.5 + 3 * random(), b = 0.5 + 3 * random(), c = 0.5 + 3 * random();
    return (x, y) =>
      125 + 125 * Math.sin(a * 3 * x / SIZE + b) * Math.cos(b * 3 * y / SIZE + c * x / SIZE);
  },
  flat: (random) => {
    const entry = 250 * random();
    return () => entry;
  },
  /** tanh of a standard normal: weights as the `weights` mode shows them by default. */
  diverging: (random) => () => 125 + 125 * Math.tanh(normal(random)),
  /** Weights whose columns differ in scale. */
  columns: (random) => {
    const scales = Array.from({ length: SIZE }, () => 0.3 * Math.exp(0.5 * normal(random)));
    return (x) => 125 + 125 * Math.tanh(scales[x]! * normal(random));
  },
  /** Cells of 8 × 8 pixels: over-zoomed. */
  cells: (random) => {
    const cells = Array.from({ length: 1024 }, () => 125 + 125 * Math.tanh(normal(random)));
    return (x, y) => cells[(y >> 3) * 32 + (x >> 3)]!;
  },
  /** The corner of a plane: noise, and transparency beyond. */
  edge: (random) => (x, y) => x < 100 && y < 171 ? 125 + 40 * normal(random) : 252,
} satisfies Record<string, Draw>;

export type TileKind = keyof typeof kinds;
export const tileKinds = Object.keys(kinds) as TileKind[];

/** Tile number `seed` of a kind. */
export function tile(kind: TileKind, seed: number): Uint8Array {
  const draw = kinds[kind](seeded(8000 + seed));
  const entry = (_: unknown, i: number) => draw(i % SIZE, Math.floor(i / SIZE));
  const clamped = (value: number) => value === 252 ? 252 : Math.min(250, Math.max(0, value));
  return Uint8Array.from({ length: SIZE * SIZE }, (_, i) => clamped(entry(_, i)));
}

/** Puts the bytes in a random order, in place. */
export function shuffle(bytes: Uint8Array, random: () => number): Uint8Array {
  for (let i = bytes.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [bytes[i], bytes[j]] = [bytes[j]!, bytes[i]!];
  }
  return bytes;
}
