import { generator, scratch } from "./models.ts";

/**
 * A raw `side` × `side` matrix of normal deviates, row-major and little-endian, made once; that of
 * the peers where `PEER_DATA` has it. Returns its path.
 */
export function matrix(side: number, dtype: "F32" | "BF16"): string {
  const size = dtype === "F32" ? 4 : 2;
  const name = `w_${side}.${dtype.toLowerCase()}`;
  const places = [Deno.env.get("PEER_DATA"), scratch].filter((folder) => folder !== undefined);
  for (const folder of places) {
    try {
      if (Deno.statSync(`${folder}/${name}`).size === side * side * size) {
        return `${folder}/${name}`;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  Deno.mkdirSync(scratch, { recursive: true });
  const path = `${scratch}/${name}`;
  const file = Deno.openSync(`${path}.part`, { write: true, create: true, truncate: true });
  const random = generator(side);
  const deviates = Float32Array.from({ length: 1 << 20 }, () => {
    return 0.03 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
  for (let y = 0; y < side; y++) {
    const from = Math.floor(random() * (deviates.length - side));
    const row = deviates.subarray(from, from + side);
    const bits = new Uint32Array(row.buffer, row.byteOffset, side);
    // Cut off rather than rounded: as good for timing.
    const out = dtype === "F32" ? row.slice() : Uint16Array.from(bits, (pattern) => pattern >>> 16);
    const bytes = new Uint8Array(out.buffer);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }
  file.close();
  Deno.renameSync(`${path}.part`, path);
  return path;
}
