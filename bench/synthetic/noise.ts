import { generator } from "../models.ts";

/** A seeded source of numbers in [0, 1). */
export type Random = () => number;

/** A generator of its own for everything that has a name (FNV-1a of its UTF-16 units). */
export function seeded(seed: number, name: string): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return generator(hash);
}

/** A normal deviate (Box and Muller). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** `length` normal deviates, independent of each other. */
export const rough = (random: Random, length: number): Float32Array =>
  Float32Array.from({ length }, () => normal(random));

/** Normal deviates `spacing` cells apart, and a smooth curve through them. */
export function smooth(random: Random, length: number, spacing: number): Float32Array {
  const nodes = rough(random, Math.floor((length - 1) / spacing) + 2);
  return Float32Array.from({ length }, (_, i) => {
    const at = Math.floor(i / spacing);
    return nodes[at]! + ease(i / spacing - at) * (nodes[at + 1]! - nodes[at]!);
  });
}

const ease = (t: number): number => t * t * (3 - 2 * t);

/** One layer of clouds: how far apart its nodes lie, and how strong it is. */
export interface Octave {
  readonly rows: number;
  readonly columns: number;
  readonly amplitude: number;
}

/**
 * A smooth field in two dimensions: in each octave, normal deviates at the nodes of a grid and
 * eased between them. Rows are asked for from the top down, so that two of nodes suffice.
 */
export class Clouds {
  readonly #octaves: { of: Octave; row: number; above: Float32Array; below: Float32Array }[];

  constructor(readonly random: Random, octaves: readonly Octave[], readonly width: number) {
    this.#octaves = octaves.map((of) => {
      const [above, below] = [this.#nodes(of), this.#nodes(of)];
      return { of, row: 0, above, below };
    });
  }

  /** Fills `into` with row `y`. */
  row(y: number, into: Float32Array): void {
    into.fill(0);
    for (const octave of this.#octaves) {
      const { of } = octave;
      for (const at = Math.floor(y / of.rows); octave.row < at; octave.row++) {
        octave.above = octave.below;
        octave.below = this.#nodes(of);
      }
      const { above, below } = octave;
      const t = ease(y / of.rows - octave.row);
      for (let x = 0; x < into.length; x++) into[x]! += above[x]! + t * (below[x]! - above[x]!);
    }
  }

  #nodes({ columns, amplitude }: Octave): Float32Array {
    return smooth(this.random, this.width, columns).map((value) => amplitude * value);
  }
}
