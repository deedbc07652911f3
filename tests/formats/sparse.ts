import { crc32 } from "node:zlib";
import { elementCount } from "../../src/storage/shape.ts";
import { concat, npyFile, npyHeader, safetensorsFile, u16, u32, u64, utf8 } from "./build.ts";
import { ggufFile } from "./gguf_build.ts";
import { contiguous, dataset, Hdf5Builder, link } from "./hdf5_build.ts";
import { external, FLOAT, graphProto, node, onnxFile, tensorProto } from "./onnx_build.ts";
import { field, tag, varint } from "./protobuf_build.ts";
import { call, op, pickle, storage, tuple } from "./pytorch_build.ts";
import { type EntryFields, indexOf } from "./tensorflow_build.ts";

// Models of 10,000 tensors and 10 GB that take few megabytes on the disk: their values are holes.

/** Tensors of each model, and bytes of each, of float32. */
export const COUNT = 10_000;
const SHAPE = [500, 499];
export const BYTES = 500 * 499 * 4;

const parts = [
  ...["input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  ...["self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
];
const numbers = Array.from({ length: COUNT }, (_, i) => i);
/** Blocks of eight matrices each. */
const names = numbers.map((i) => `model.layers.${i >> 3}.${parts[i & 7]}.weight`);

/** A file in the making: bytes written at the places where they belong, holes between. */
class Sparse implements Disposable {
  readonly #file: Deno.FsFile;
  /** Where the next bytes go. */
  at = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
  }

  write(...bytes: readonly Uint8Array[]): void {
    const all = concat(...bytes);
    this.#file.seekSync(this.at, Deno.SeekMode.Start);
    for (let done = 0; done < all.length;) done += this.#file.writeSync(all.subarray(done));
    this.at += all.length;
  }

  /** The file is as long as what was written, and this. */
  skip(bytes: number): void {
    this.at += bytes;
    this.#file.truncateSync(this.at);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function write(path: string, head: Uint8Array, hole: number): string {
  using file = new Sparse(path);
  file.write(head);
  file.skip(hole);
  return path;
}

const entry = (i: number) => (
  { dtype: "F32", shape: SHAPE, data_offsets: [i * BYTES, (i + 1) * BYTES] }
);
const safetensorsHead = (names: readonly string[]) =>
  safetensorsFile(Object.fromEntries(names.map((name, i) => [name, entry(i)])));

function safetensors(folder: string): string {
  return write(`${folder}/model.safetensors`, safetensorsHead(names), COUNT * BYTES);
}

function sharded(folder: string): string {
  const shards = 4;
  const shardOf = (i: number) => Math.floor(i * shards / COUNT);
  const file = (shard: number) => `model-0000${shard + 1}-of-0000${shards}.safetensors`;
  for (let shard = 0; shard < shards; shard++) {
    const own = names.filter((_, i) => shardOf(i) === shard);
    write(`${folder}/${file(shard)}`, safetensorsHead(own), own.length * BYTES);
  }
  const weight_map = Object.fromEntries(names.map((name, i) => [name, file(shardOf(i))]));
  const metadata = { total_size: COUNT * BYTES };
  const path = `${folder}/model.safetensors.index.json`;
  Deno.writeTextFileSync(path, JSON.stringify({ metadata, weight_map }));
  return path;
}

const ggufParts = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"]
  .concat(["ffn_gate", "ffn_up", "ffn_down"]);

/** Of rows of 1024 in Q4_K. */
function gguf(folder: string): string {
  const bytes = 1736 * 4 * 144;
  const tensors = numbers.map((i) => (
    {
      name: `blk.${i >> 3}.${ggufParts[i & 7]}.weight`,
      dims: [1024, 1736],
      type: 12,
      offset: i * bytes,
    }
  ));
  return write(`${folder}/model.gguf`, ggufFile({ tensors }), COUNT * bytes);
}

/** Each tensor's values inside the file, right behind its name. */
function onnx(folder: string): string {
  const path = `${folder}/model.onnx`;
  writeOnnx(path, COUNT, SHAPE);
  return path;
}

/** An ONNX file of so many tensors of float32. */
export function writeOnnx(path: string, count: number, shape: readonly number[]): void {
  const bytes = elementCount(shape) * 4;
  const heads = Array.from({ length: count }, (_, i) => {
    const values = concat(tag(9, 2), varint(bytes));
    const head = tensorProto(names[i]!, shape, FLOAT, values);
    return concat(tag(5, 2), varint(head.length + bytes), head);
  });
  const inside = heads.reduce((sum, head) => sum + head.length + bytes, 0);
  using file = new Sparse(path);
  file.write(field(1, 10), tag(7, 2), varint(inside));
  for (const head of heads) {
    file.write(head);
    file.skip(bytes);
  }
}

/** The values in a file beside, and a node for each tensor. */
function onnxExternal(folder: string): string {
  const location = "model.onnx.data";
  const tensors = names.map((name, i) =>
    tensorProto(
      name,
      SHAPE,
      FLOAT,
      external({ location, offset: `${i * BYTES}`, length: `${BYTES}` }),
    )
  );
  const nodes = names.map((name, i) => node("MatMul", [`x${i}`, name], [`x${i + 1}`]));
  write(`${folder}/${location}`, utf8(""), COUNT * BYTES);
  return write(`${folder}/model.onnx`, onnxFile(graphProto(tensors, nodes)), 0);
}

/** In a 32-bit field of an archive: the value is elsewhere. */
const NARROW = 0xffffffff;

/** An archive in the making, of stored members. */
class SparseZip {
  readonly #file: Sparse;
  readonly #central: Uint8Array[] = [];

  constructor(file: Sparse) {
    this.#file = file;
  }

  /**
   * A member of these bytes and a hole up to its size. `padded` as PyTorch's writer does it: values
   * begin at multiples of 64, and what the header says is said again behind them.
   */
  add(name: string, data: Uint8Array, size = data.length, checksum = crc32(data), padded = false) {
    const file = this.#file;
    const at = file.at;
    const far = at >= NARROW, large = size >= NARROW;
    // What does not fit into 32 bits.
    const wide = far || large
      ? concat(
        u16(1, 16 * +large + 8 * +far),
        u64(...large ? [size, size] : [], ...far ? [at] : []),
      )
      : utf8("");
    const least = at + 30 + name.length + 4 + wide.length;
    const padding = padded ? Math.ceil(least / 64) * 64 - least : 0;
    const extra = padded ? concat(wide, u16(0x4246, padding), new Uint8Array(padding)) : wide;
    const narrow = Math.min(size, NARROW);
    const common = (extra: number) =>
      concat(
        u16(20, padded ? 0x808 : 0x800, 0, 0, 0),
        u32(checksum, narrow, narrow),
        u16(name.length, extra),
      );
    file.write(u32(0x04034b50), common(extra.length), utf8(name), extra, data);
    file.skip(size - data.length + (padded ? far ? 24 : 16 : 0));
    this.#central.push(
      concat(u32(0x02014b50), u16(20), common(wide.length), u16(0, 0, 0), u32(0)),
      concat(u32(Math.min(at, NARROW)), utf8(name), wide),
    );
  }

  /** Writes the directory. */
  end(): void {
    const at = this.#file.at;
    const directory = concat(...this.#central);
    const count = this.#central.length / 2;
    const end64 = at + directory.length;
    this.#file.write(
      concat(directory, u32(0x06064b50), u64(44), u16(45, 45), u32(0, 0)),
      u64(count, count, directory.length, at),
      concat(u32(0x07064b50, 0), u64(end64), u32(1)),
      concat(u32(0x06054b50), u16(0, 0, count, count), u32(directory.length, 0xffffffff), u16(0)),
    );
  }
}

function pytorch(folder: string): string {
  const rebuild = (i: number) =>
    call(
      "torch._utils",
      "_rebuild_tensor_v2",
      storage("FloatStorage", `${i}`, BYTES / 4),
      ...[0, tuple(500, 499), tuple(499, 1), false, call("collections", "OrderedDict")],
    );
  const text = (value: string) => concat(op("X"), u32(value.length), utf8(value));
  const entries = names.flatMap((name, i) => [text(name), rebuild(i)]);
  const path = `${folder}/model.pt`;
  using file = new Sparse(path);
  const zip = new SparseZip(file);
  const add = (name: string, data: Uint8Array, size?: number) =>
    zip.add(`archive/${name}`, data, size, size === undefined ? crc32(data) : 0, true);
  add("data.pkl", pickle(concat(op("}("), ...entries, op("u"))));
  add("byteorder", utf8("little"));
  for (let i = 0; i < COUNT; i++) add(`data/${i}`, utf8(""), BYTES);
  add("version", utf8("3\n"));
  zip.end();
  return path;
}

function npz(folder: string): string {
  const head = npyFile(npyHeader("<f4", SHAPE).padEnd(117) + "\n", utf8(""));
  const checksum = crc32(concat(head, new Uint8Array(BYTES)));
  const path = `${folder}/model.npz`;
  using file = new Sparse(path);
  const zip = new SparseZip(file);
  for (const name of names) zip.add(`${name}.npy`, head, head.length + BYTES, checksum);
  zip.end();
  return path;
}

/** A checkpoint of TensorFlow in four shards. */
function tensorflow(folder: string): string {
  const shards = 4;
  const entries = numbers.map((i): [string, EntryFields] => [
    `model/layer_${String(i >> 3).padStart(4, "0")}/dense_${
      i & 7
    }/kernel/.ATTRIBUTES/VARIABLE_VALUE`,
    { shape: SHAPE, size: BYTES, shard: i % shards, offset: Math.floor(i / shards) * BYTES },
  ]);
  const index = indexOf(Object.fromEntries(entries), field(1, shards));
  for (let shard = 0; shard < shards; shard++) {
    const path = `${folder}/ckpt-1.data-0000${shard}-of-0000${shards}`;
    write(path, utf8(""), COUNT * BYTES / shards);
  }
  return write(`${folder}/ckpt-1.index`, index, 0);
}

/** A hundred shards, every border of which lies within a weight. */
function tfjs(folder: string): string {
  const shards = 100;
  const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
  const weights = numbers.map((i) => (
    { name: `block_${i >> 3}/dense_${i & 7}/kernel`, shape: SHAPE, dtype: "float32" }
  ));
  for (const [i, path] of paths.entries()) {
    const more = i === 0 ? 2 : i === shards - 1 ? -2 : 0;
    write(`${folder}/${path}`, utf8(""), COUNT * BYTES / shards + more);
  }
  const path = `${folder}/model.json`;
  Deno.writeTextFileSync(path, JSON.stringify({ weightsManifest: [{ paths, weights }] }));
  return path;
}

/** Groups of eight data sets, their values behind all headers. */
function hdf5Head(): { head: Uint8Array; size: number } {
  const builder = new Hdf5Builder();
  const start = 1 << 24;
  const address = (i: number) => start + i * BYTES;
  const matrix = (i: number) => builder.header(...dataset(SHAPE, contiguous(address(i), BYTES)));
  const groups = Array.from({ length: COUNT / 8 }, (_, block) => {
    const links = Array.from({ length: 8 }, (_, i) => link(`dense_${i}`, matrix(8 * block + i)));
    return link(`block_${block}`, builder.header(...links));
  });
  const size = address(COUNT);
  return { head: builder.file(builder.header(...groups), size), size };
}

function hdf5(folder: string): string {
  const { head, size } = hdf5Head();
  return write(`${folder}/model.h5`, head, size - head.length);
}

/** Keras' archive, its weights stored. */
function keras(folder: string): string {
  const { head, size } = hdf5Head();
  const path = `${folder}/model.keras`;
  using file = new Sparse(path);
  const zip = new SparseZip(file);
  zip.add("metadata.json", utf8('{"keras_version": "3.15.1"}'));
  zip.add("model.weights.h5", head, size, 0);
  zip.end();
  return path;
}

/** By format: writes the model into an empty folder, and gives the path to open. */
export const sparse: Readonly<Record<string, (folder: string) => string>> = {
  safetensors,
  "safetensors in shards": sharded,
  gguf,
  onnx,
  "onnx, external": onnxExternal,
  pytorch,
  npz,
  "tensorflow checkpoint": tensorflow,
  tfjs,
  hdf5,
  keras,
};
