/** Where benches keep what they generate: outside the repository, kept between runs. */
export const scratch = Deno.env.get("BENCH_DATA") ?? "/tmp/synaptile-bench";

/** Of a tensor, what the header of a safetensors file says. */
type Entry = readonly [
  name: string,
  { readonly dtype: string; readonly shape: readonly number[]; readonly data_offsets: number[] },
];

/** A safetensors file of these tensors, made once; `fill` writes their numbers. Returns its path. */
export function fileOf(
  name: string,
  entries: readonly Entry[],
  fill: (file: Deno.FsFile) => void,
): string {
  const path = `${scratch}/${name}.safetensors`;
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const size = 8 + header.length + Math.max(...entries.map(([, entry]) => entry.data_offsets[1]!));
  try {
    if (Deno.statSync(path).size === size) return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.mkdirSync(scratch, { recursive: true });
  const file = Deno.openSync(`${path}.part`, { write: true, create: true, truncate: true });
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  writeAll(file, length);
  writeAll(file, header);
  fill(file);
  file.close();
  Deno.renameSync(`${path}.part`, path);
  return path;
}

/**
 * A safetensors file of `count` bf16 matrices, made once: noise whose scale varies by block,
 * on a smooth ground, so that tiles have something to show and to compress. Returns its path.
 */
export function bf16Model(shape: number | readonly [number, number], count: number): string {
  const [high, side] = typeof shape === "number" ? [shape, shape] : shape;
  const bytes = high * side * 2;
  const entries = Array.from({ length: count }, (_, i): Entry => [
    `layers.${i}.weight`,
    { dtype: "BF16", shape: [high, side], data_offsets: [i * bytes, (i + 1) * bytes] },
  ]);
  return fileOf(`bf16-${high}x${side}x${count}`, entries, (file) => noise(file, high, side, count));
}

function noise(file: Deno.FsFile, high: number, side: number, count: number): void {
  const random = generator(side + count);
  // A pool of normal deviates drawn from at random places: fast, and as noisy as it needs to be.
  const normal = Float32Array.from({ length: 1 << 20 }, () => {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
  const row = new Float32Array(side), bits = new Uint32Array(row.buffer);
  const out = new Uint16Array(side);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < high; y++) {
      for (let from = 0; from < side; from += 1024) {
        const scale = 0.01 + 0.04 * Math.abs(Math.sin(97 * i + 13 * (y >> 10) + 7 * (from >> 10)));
        const at = Math.floor(random() * (normal.length - 1024));
        const ground = 0.02 * Math.sin(6.3 * (2 * from + 3 * y) / side);
        const to = Math.min(from + 1024, side);
        for (let x = from; x < to; x++) row[x] = scale * normal[at + x - from]! + ground;
      }
      for (let x = 0; x < side; x++) {
        out[x] = (bits[x]! + 0x7fff + ((bits[x]! >>> 16) & 1)) >>> 16;
      }
      writeAll(file, new Uint8Array(out.buffer));
    }
  }
}

/** mulberry32: a seeded generator of numbers in [0, 1). */
export function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
