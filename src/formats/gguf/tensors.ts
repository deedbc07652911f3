import type { Source } from "../../storage/source.ts";
import {
  bytesOf,
  type Dtype,
  type Ignored,
  packingOf,
  rowMajor,
  type TensorInfo,
} from "../format.ts";
import { checkShape, malformed, show } from "../malformed.ts";
import { findOverlap } from "../overlap.ts";
import { readName } from "./metadata.ts";
import type { Scanner } from "./scanner.ts";

/** ggml's numbers of element types; those left out were given up or are not known here. */
const types: Readonly<Record<number, Dtype>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  8: "Q8_0",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  30: "BF16",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
  40: "NVFP4",
};

/** ggml itself has four. */
const MAX_AXES = 8;
const MAX_TENSORS = 1 << 18;
/** At the least a name's length, the number of axes, a type and an offset. */
const ENTRY_BYTES = 8 + 4 + 4 + 8;

/** A tensor as the header gives it. */
export interface Entry {
  readonly name: string;
  /** Outermost axis first; the file has them the other way round. */
  readonly shape: readonly number[];
  readonly type: number;
  /** From the beginning of the tensors' bytes. */
  readonly offset: number;
}

/** Reads `count` tensor infos. Throws `FormatError`, also for a name given twice. */
export async function readEntries(scan: Scanner, count: number): Promise<Entry[]> {
  const room = Math.min(MAX_TENSORS, Math.floor(scan.left / ENTRY_BYTES));
  if (count > room) {
    const rule = `at most ${room} in the ${scan.left} bytes left`;
    throw malformed(scan.file, "tensor count", count, rule);
  }
  const entries: Entry[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const name = await readName(scan, "tensor name");
    const what = `tensor ${show(name)}`;
    if (names.has(name)) throw malformed(scan.file, what, "given twice", "once");
    names.add(name);
    await scan.need(4, what);
    const axes = scan.u32();
    if (axes > MAX_AXES) {
      throw malformed(scan.file, `${what} number of axes`, axes, `at most ${MAX_AXES}`);
    }
    await scan.need(axes * 8 + 4 + 8, what);
    const shape = Array.from({ length: axes }, () => scan.u64()).reverse();
    entries.push({ name, shape, type: scan.u32(), offset: scan.u64() });
  }
  return entries;
}

/** Where the tensors' bytes lie. */
export interface Data {
  readonly source: Source;
  /** First byte of the tensors. */
  readonly start: number;
  readonly alignment: number;
  readonly bigEndian: boolean;
}

/** The tensors of the entries, and those of types that are not known. Throws `FormatError`. */
export function placeTensors(entries: readonly Entry[], data: Data) {
  const tensors: TensorInfo[] = [];
  const ignored: Ignored[] = [];
  for (const entry of entries) {
    const dtype = types[entry.type];
    if (dtype) tensors.push(tensor(entry, dtype, data));
    else ignored.push({ name: entry.name, reason: `its element type is ggml's ${entry.type}` });
  }
  refuseOverlaps(tensors, data);
  return { tensors, ignored };
}

function tensor({ name, shape: sides, offset }: Entry, dtype: Dtype, data: Data): TensorInfo {
  const { source, start, alignment, bigEndian } = data;
  const refuse = (field: string, found: string | number, expected: string) =>
    malformed(source.name, `tensor ${show(name)} ${field}`, found, expected);
  const { shape, count } = checkShape(sides, (...why) => refuse("shape", ...why));
  const { elements } = packingOf(dtype);
  const row = shape.at(-1) ?? 1;
  if (row % elements !== 0) {
    throw refuse("row", `${row} elements long`, `whole blocks of ${elements} for ${dtype}`);
  }
  const bytes = bytesOf(dtype, count);
  const room = source.size - start;
  if (offset % alignment !== 0) throw refuse("offset", offset, `a multiple of ${alignment}`);
  if (offset + bytes > room) {
    const found = `${offset}, of ${bytes} bytes as ${dtype} [${shape}]`;
    throw refuse("offset", found, `an end within the ${Math.max(0, room)} bytes after the header`);
  }
  const strides = rowMajor(shape);
  const place = { source: source.ref, offset: start + offset, bytes };
  return { name, dtype, shape, strides, bigEndian, ...place };
}

function refuseOverlaps(tensors: readonly TensorInfo[], { source, start }: Data): void {
  const found = findOverlap(tensors);
  if (!found) return;
  const { tensor, before } = found;
  const rule = `at least ${before.offset + before.bytes - start}, where ${show(before.name)} ends`;
  throw malformed(source.name, `tensor ${show(tensor.name)} offset`, tensor.offset - start, rule);
}
