import type { Source } from "../../storage/source.ts";
import { elementCount, type Ignored, rowMajor, type TensorInfo } from "../format.ts";
import { malformed } from "../malformed.ts";
import { uninterleave } from "./heads.ts";
import { type Pairs, readMetadata } from "./metadata.ts";
import { Scanner } from "./scanner.ts";
import { type Entry, placeTensors, readEntries } from "./tensors.ts";

// Layout: "GGUF", u32 version, u64 count of tensors, u64 count of metadata pairs, the pairs, the
// tensor infos, padding up to the alignment, the tensors' bytes.
const HEADER = 4 + 4 + 8 + 8;
const MAGIC = 0x46554747;
const VERSIONS = [2, 3];
const USUAL_ALIGNMENT = 32;

/** One file of a model. */
export interface File {
  readonly source: Source;
  readonly version: number;
  readonly pairs: Pairs;
  readonly entries: readonly Entry[];
  readonly start: number;
  readonly alignment: number;
  readonly bigEndian: boolean;
}

/** Whether these are the first bytes of a little- or big-endian file. */
export const isGguf = (head: Uint8Array): boolean =>
  head.length >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0, true) === MAGIC;

/** Reads a file's header. Throws `FormatError`. */
export async function readFile(source: Source, signal?: AbortSignal): Promise<File> {
  const scan = new Scanner(source, signal);
  await scan.need(HEADER, "header");
  const magic = scan.u32();
  if (magic !== MAGIC) {
    throw malformed(source.name, "magic", `0x${magic.toString(16)}`, `0x${MAGIC.toString(16)}`);
  }
  const { version, bigEndian } = readVersion(scan);
  scan.littleEndian = !bigEndian;
  const tensorCount = scan.u64(), pairCount = scan.u64();
  const pairs = await readMetadata(scan, pairCount);
  const entries = await readEntries(scan, tensorCount);
  const alignment = alignmentOf(source.name, pairs);
  const start = Math.ceil(scan.position / alignment) * alignment;
  return { source, version, pairs, entries, start, alignment, bigEndian };
}

/** Nothing but the version tells the order of bytes: read the wrong way round it is large. */
function readVersion(scan: Scanner): { version: number; bigEndian: boolean } {
  const field = scan.take(4);
  const little = field.getUint32(0, true), big = field.getUint32(0, false);
  const bigEndian = big < little;
  const version = bigEndian ? big : little;
  if (!VERSIONS.includes(version)) throw malformed(scan.file, "version", version, "2 or 3");
  return { version, bigEndian };
}

function alignmentOf(file: string, { values }: Pairs): number {
  const value = values.get("general.alignment") ?? USUAL_ALIGNMENT;
  const isPower = typeof value === "number" && value >= 1 && Number.isInteger(Math.log2(value));
  if (isPower) return value;
  throw malformed(file, "general.alignment", String(value), "a power of two");
}

/**
 * The tensors of a file; `pairs` are those of the whole model. Shapes that a converter could not
 * write are taken from where it noted them, and rows of queries and keys put in order.
 */
export function tensorsOf(
  file: File,
  pairs: Pairs,
): { tensors: readonly TensorInfo[]; ignored: readonly Ignored[] } {
  const { tensors, ignored } = placeTensors(file.entries, file);
  return { tensors: uninterleave(tensors.map((tensor) => reshape(tensor, pairs)), pairs), ignored };
}

/** Converters of image models flatten convolutions whose rows are no whole blocks. */
function reshape(tensor: TensorInfo, { lists }: Pairs): TensorInfo {
  const shape = lists.get(`comfy.gguf.orig_shape.${tensor.name}`);
  if (!shape || elementCount(shape) !== elementCount(tensor.shape)) return tensor;
  if (!shape.every((side) => Number.isInteger(side) && side > 0)) return tensor;
  return { ...tensor, shape, strides: rowMajor(shape) };
}
