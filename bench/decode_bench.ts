/**
 * Decoding to float32, in GB/s of what comes out, single-threaded, for each dtype and both backends:
 * `deno run -A bench/decode_bench.ts`. Input and output (512 KiB) lie in scratch, in the cache.
 * F16 is there with nothing but subnormals too, since that is where other ways of decoding get slow.
 */
import type { Ops } from "../src/compute/ops.ts";
import { reference } from "../src/compute/reference.ts";
import { wasm } from "../src/compute/wasm.ts";
import { dtypes, type Scalar } from "../src/formats/format.ts";
import { generator } from "./models.ts";

const LENGTH = 131072;

/** Gigabytes of float32 a second, the best of many rounds. */
function speed(ops: Ops, dtype: Scalar, rounds: number, exponent?: number): number {
  return ops.frame(() => {
    const random = generator(1);
    const bytes = ops.scratch(LENGTH * dtypes[dtype]);
    for (const i of bytes.keys()) bytes[i] = random() * 256;
    if (exponent !== undefined) {
      for (let i = 1; i < bytes.length; i += 2) bytes[i] = (bytes[i]! & 0x83) | (exponent << 2);
    }
    const room = ops.scratch(LENGTH * 4);
    const values = new Float32Array(room.buffer, room.byteOffset, LENGTH);
    const packed = { dtype, bigEndian: false, width: LENGTH, rows: 1, pitch: bytes.length };
    let least = Infinity;
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      ops.decode(bytes, packed, { values, start: 0, pitch: LENGTH });
      least = Math.min(least, performance.now() - start);
    }
    return LENGTH * 4 / least / 1e6;
  });
}

const cases: [string, Scalar, number?][] = [
  ["F16, subnormal", "F16", 0],
  ...(Object.keys(dtypes) as Scalar[]).map((dtype): [string, Scalar] => [dtype, dtype]),
];
const json: string[] = [];
console.log("| dtype | wasm, GB/s | reference, GB/s |");
console.log("| --- | ---: | ---: |");
for (const [name, dtype, exponent] of cases) {
  const fast = speed(wasm, dtype, 500, exponent);
  const plain = speed(reference, dtype, 10, exponent);
  console.log(`| ${name} | ${fast.toFixed(1)} | ${plain.toFixed(2)} |`);
  json.push(JSON.stringify({ decode: name, wasm: fast, reference: plain }));
}
console.log(`\n${json.join("\n")}`);
