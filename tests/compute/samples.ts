/** Values at the edges of float32. */
export const edges = [
  NaN,
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  2 ** -149,
  -(2 ** -127),
  3.4028234e38,
  -3.4028234e38,
];

/** Lengths around those of vectors and groups of vectors. */
export const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 4096];

/** A small generator of reproducible numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Roughly normal values, σ = `deviation`. */
export function normal(length: number, seed: number, deviation = 1, mean = 0): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return mean + deviation * sum;
  });
}

/** Ordinary values with the edges at both ends, so that bodies and tails of loops each meet them. */
export function withEdges(length: number, seed: number): Float32Array {
  const values = normal(length, seed, 2);
  for (const [i, edge] of edges.entries()) {
    if (i < length) values[i] = edge;
    if (length - 1 - i >= edges.length) values[length - 1 - i] = edge;
  }
  return values;
}
