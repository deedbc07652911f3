/** Numbers from 0 to 1 that follow from a seed (Steele, Lea, Flood 2014: SplitMix, in 32 bits). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A stretch of a file. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

type Random = () => number;

/** Changes a file in one of the ways that break readers. */
type Mutation = (bytes: Uint8Array, at: number, random: Random) => Uint8Array;

/** Lengths and counts that are off by one, negative, huge, or the size of something else. */
const lies = [0n, 1n, -1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x10000n, 0x7fffffffn]
  .concat([
    0x80000000n,
    0xffffffffn,
    0x100000000n,
    1n << 40n,
    1n << 53n,
    (1n << 63n) - 1n,
    1n << 63n,
  ]);

const below = (random: Random, bound: number) => Math.floor(random() * bound);

const mutations: Readonly<Record<string, Mutation>> = {
  bits(bytes, at, random) {
    const out = bytes.slice();
    for (let left = 1 + below(random, 8); left > 0; left--) {
      const place = Math.min(out.length - 1, at + below(random, 8));
      out[place]! ^= 1 << below(random, 8);
    }
    return out;
  },

  byte(bytes, at, random) {
    const out = bytes.slice();
    out[at] = below(random, 256);
    return out;
  },

  truncation: (bytes, at) => bytes.slice(0, at),

  length(bytes, at, random) {
    const out = bytes.slice();
    const width = [1, 2, 4, 8][below(random, 4)]!;
    if (at + width > out.length) return out;
    const near = () => BigInt(bytes.length + below(random, 5) - 2);
    const value = random() < 0.2 ? near() : lies[below(random, lies.length)]!;
    const view = new DataView(new ArrayBuffer(8));
    const little = random() < 0.7;
    view.setBigUint64(0, BigInt.asUintN(64, value), little);
    const field = new Uint8Array(view.buffer);
    out.set(little ? field.subarray(0, width) : field.subarray(8 - width), at);
    return out;
  },

  overwrite(bytes, at, random) {
    const out = bytes.slice();
    const length = Math.min(1 + below(random, 64), out.length - at);
    out.copyWithin(at, below(random, out.length - length + 1), out.length);
    return out;
  },

  insertion(bytes, at, random) {
    const from = below(random, bytes.length);
    return join(bytes.subarray(0, at), piece(bytes, from, random), bytes.subarray(at));
  },

  deletion(bytes, at, random) {
    const length = piece(bytes, at, random).length;
    return join(bytes.subarray(0, at), bytes.subarray(at + length));
  },

  digits(bytes, at, random) {
    const out = bytes.slice();
    for (let place = at; place < out.length && place < at + 64; place++) {
      const isDigit = out[place]! >= 0x30 && out[place]! <= 0x39;
      if (isDigit) out[place] = random() < 0.2 ? 0x2d : 0x30 + below(random, 10);
    }
    return out;
  },
};

/**
 * The file changed once to three times, mostly within `stretches`: those that a reader looks at.
 * The same seed gives the same change.
 */
export function mutate(
  bytes: Uint8Array,
  stretches: readonly Stretch[],
  seed: number,
): { bytes: Uint8Array; how: string } {
  const random = generator(seed);
  const names = Object.keys(mutations);
  const done: string[] = [];
  let out = bytes;
  for (let left = 1 + below(random, 3); left > 0 && out.length > 0; left--) {
    const name = names[below(random, names.length)]!;
    const at = Math.min(place(out, stretches, random), out.length - 1);
    out = mutations[name]!(out, at, random);
    done.push(`${name} at ${at}`);
  }
  return { bytes: out, how: done.join(", ") };
}

function place(bytes: Uint8Array, stretches: readonly Stretch[], random: Random): number {
  const stretch = stretches[below(random, stretches.length)];
  if (!stretch || stretch.length === 0 || random() < 0.1) return below(random, bytes.length);
  // Both ends of what is read at once matter most: headers begin there, trailers end there.
  const edge = Math.min(stretch.length, 4096);
  const kind = random();
  if (kind < 0.4) return stretch.offset + below(random, edge);
  if (kind < 0.6) return stretch.offset + stretch.length - 1 - below(random, edge);
  return stretch.offset + below(random, stretch.length);
}

const piece = (bytes: Uint8Array, from: number, random: Random) =>
  bytes.subarray(from, from + 1 + below(random, 64));

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
