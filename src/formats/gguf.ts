import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Listing, MetadataValue, Reading } from "./format.ts";
import { type File, isGguf, readFile, tensorsOf } from "./gguf/file.ts";
import { scalesOf } from "./gguf/scales.ts";
import { malformed, show } from "./malformed.ts";

const shard = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * ggml's model files: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The name of one
 * shard stands for all of them.
 */
export const gguf: Format = {
  name: "gguf",
  about: {
    title: "GGUF",
    files: ["*.gguf", "*-00001-of-00005.gguf"],
    reads: "versions 2 and 3, both byte orders, shards, every metadata type, F32 F16 BF16 F64, " +
      "I8 to I64, Q4_0 to Q8_1, Q2_K to Q8_K, all IQ types, TQ1_0, TQ2_0, MXFP4, NVFP4; the " +
      "scales of quantized blocks; queries and keys in their original order",
    not: "version 1; types that ggml has given up",
  },

  claims: (head, name) => name.endsWith(".gguf") || isGguf(head),

  companions(name, names) {
    const [, stem, , count] = shard.exec(name) ?? [];
    // A shard owns those after it, so that the first one there stands for the set.
    return names.filter((other) => {
      const [, otherStem, , otherCount] = shard.exec(other) ?? [];
      return stem !== undefined && otherStem === stem && otherCount === count && other > name;
    });
  },

  async list(source, reading = {}) {
    const file = await readFile(source, reading.signal);
    const count = file.pairs.values.get("split.count") ?? 0;
    return listing(count === 0 || count === 1 ? [file] : await shards(file, count, reading));
  },
};

/** All files of the model that a file is one of, in order. */
async function shards(
  file: File,
  count: MetadataValue,
  { beside, signal }: Reading,
): Promise<File[]> {
  const { name } = file.source;
  const bare = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const [, stem, own, of] = shard.exec(bare) ?? [];
  if (stem === undefined || Number(of) !== count) {
    const rule = `-00001-of-${String(count).padStart(5, "0")}.gguf or another number at its end, ` +
      `since split.count is ${showValue(count)}`;
    throw malformed(name, "file name", show(bare), rule);
  }
  if (!beside) throw standsAlone(name, `${stem}-….gguf`);
  const files: File[] = [];
  for (let n = 1; n <= Number(of); n++) {
    const other = `${stem}-${String(n).padStart(5, "0")}-of-${of}.gguf`;
    const one = n === Number(own) ? file : await readFile(await beside(other), signal);
    expect(one.source, "split.no", one.pairs.values.get("split.no"), n - 1);
    expect(one.source, "split.count", one.pairs.values.get("split.count"), Number(of));
    files.push(one);
  }
  const total = files.reduce((sum, { entries }) => sum + entries.length, 0);
  const stated = files[0]!.pairs.values.get("split.tensors.count") ?? total;
  expect(files[0]!.source, "split.tensors.count", stated, total);
  return files;
}

function expect(source: Source, key: string, found: MetadataValue | undefined, expected: number) {
  if (found !== expected) throw malformed(source.name, key, showValue(found), String(expected));
}

const showValue = (value: MetadataValue | undefined) =>
  typeof value === "object" && value !== null ? `a list of ${value.count}` : show(value);

/** What the files hold together; the first one's metadata counts where others differ. */
function listing(files: readonly File[]): Listing {
  const [{ pairs, version }] = files as [File, ...File[]];
  const parts = files.map((file) => tensorsOf(file, pairs));
  const tensors = parts.flatMap((part) => part.tensors);
  const names = new Set(tensors.map(({ name }) => name));
  return {
    tensors,
    metadata: Object.fromEntries([["version", version], ...pairs.values]),
    ignored: parts.flatMap((part) => part.ignored),
    views: tensors.flatMap(scalesOf).filter(({ name }) => !names.has(name)),
  };
}
