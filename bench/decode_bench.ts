/**
 * Decoding to float32, in GB/s of what comes out, single-threaded, for each element type: the WASM
 * kernels, the plain reference, and for some types obvious loops in C (`decode.c`, compiled here by
 * `gcc -O3 -msse4.1`): `deno run -A bench/decode_bench.ts [TYPE …]`.
 *
 * 512 KiB of output stay in the cache, 64 MiB do not; input and output lie in the kernels' memory,
 * for the C version as well. F16 is there with nothing but subnormals too, since that is where other
 * ways of decoding get slow. Bytes are random, but scales that are NaN or infinite are not.
 */
import type { Ops } from "../src/compute/ops.ts";
import { reference } from "../src/compute/reference.ts";
import { wasm } from "../src/compute/wasm.ts";
import { blocks, bytesOf, type Dtype, dtypes, packingOf } from "../src/formats/format.ts";
import { generator } from "./models.ts";

const NEAR = 2 ** 17, FAR = 2 ** 24, MOST = 2 ** 27;
const inC = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q8_0", "Q4_K", "Q6_K"] as const;
const native = compile();

/** The best of many rounds, in gigabytes of float32 a second. */
function fastest(elements: number, rounds: number, decode: () => void): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    decode();
    least = Math.min(least, performance.now() - start);
  }
  return elements * 4 / least / 1e6;
}

/** Speeds of the kernel and, where there is one, of the loop in C, whose answers must be the same. */
function speeds(ops: Ops, dtype: Dtype, elements: number, rounds: number, exponent?: number) {
  return ops.frame(() => {
    const bytes = ops.scratch(bytesOf(dtype, elements));
    fill(bytes, dtype, exponent);
    const room = ops.scratch(elements * 4);
    const values = new Float32Array(room.buffer as ArrayBuffer, room.byteOffset, elements);
    const packed = { dtype, bigEndian: false, width: elements, rows: 1, pitch: bytes.length };
    const target = { values, start: 0, pitch: elements };
    const ours = fastest(elements, rounds, () => ops.decode(bytes, packed, target));
    const loop = ops === wasm ? native[dtype as keyof typeof native] : undefined;
    if (!loop) return { ours };
    const sample = values.slice(-4096);
    const theirs = fastest(elements, rounds, () => loop(bytes, room, BigInt(elements)));
    const differs = sample.findIndex((value, i) => !Object.is(value, values.at(i - 4096)));
    if (differs >= 0) throw new Error(`${dtype}: C has another value ${differs} of the last 4096`);
    return { ours, theirs };
  });
}

/** Random bytes; in 16-bit numbers that may be float16, the highest exponent bit is cleared. */
function fill(bytes: Uint8Array, dtype: Dtype, exponent?: number): void {
  const random = generator(1);
  const period = Math.min(bytes.length, 1024 * packingOf(dtype).bytes);
  for (let i = 0; i < period; i++) bytes[i] = random() * 256 & (dtype in blocks ? 0xbf : 0xff);
  if (exponent !== undefined) {
    for (let i = 1; i < period; i += 2) bytes[i] = (bytes[i]! & 0x83) | (exponent << 2);
  }
  for (let at = period; at < bytes.length; at += period) bytes.copyWithin(at, 0, period);
}

function compile() {
  const library = Deno.makeTempFileSync({ suffix: ".so" });
  const source = new URL("decode.c", import.meta.url).pathname;
  const flags = ["-O3", "-msse4.1", "-shared", "-fPIC", "-o", library, source];
  const { success, stderr } = new Deno.Command("gcc", { args: flags }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const loop = { parameters: ["buffer", "buffer", "i64"], result: "void" } as const;
  const symbols = Object.fromEntries(inC.map((name) => [name, loop])) as //
  Record<typeof inC[number], typeof loop>;
  const opened = Deno.dlopen(library, symbols);
  Deno.removeSync(library);
  return opened.symbols;
}

const cases: [string, Dtype, number?][] = [
  ["F16, subnormal", "F16", 0],
  ...([...Object.keys(dtypes), ...Object.keys(blocks)] as Dtype[])
    .map((dtype): [string, Dtype] => [dtype, dtype]),
];
const wanted = (name: string) => Deno.args.length === 0 || Deno.args.includes(name);
const json: string[] = [];
const figure = (speed: number | undefined, digits = 1) => speed?.toFixed(digits) ?? "";
console.log("| element type | wasm | C | beyond the cache: wasm | C | reference |");
console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
for (const [name, dtype, exponent] of cases.filter(([name]) => wanted(name))) {
  const near = speeds(wasm, dtype, NEAR, 300, exponent);
  // Of sub-blocks' scales there are fewer, or their blocks would not fit into the memory.
  const far = speeds(wasm, dtype, bytesOf(dtype, FAR) > MOST ? FAR / 4 : FAR, 8, exponent);
  const plain = speeds(reference, dtype, NEAR, 5, exponent).ours;
  const beyond = `${figure(far.ours)} | ${figure(far.theirs)}`;
  console.log(
    `| ${name} | ${figure(near.ours)} | ${figure(near.theirs)} | ${beyond} | ${figure(plain, 2)} |`,
  );
  json.push(JSON.stringify({ decode: name, near, far, reference: plain }));
}
console.log(`\n${json.join("\n")}`);
