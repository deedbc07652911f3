import { decoderOf } from "../../storage/codecs/table.ts";
import { DEFLATE_RATIO } from "../../storage/codecs/zlib.ts";
import type { Codec, Piece, SourceRef } from "../../storage/source.ts";
import { dtypes, rowMajor, type TensorInfo } from "../format.ts";
import { malformed, show } from "../malformed.ts";
import { type Chunk, chunksOf, readChunks } from "./chunks.ts";
import { type Dataspace, parseDataspace } from "./dataspace.ts";
import { type Datatype, parseDatatype } from "./datatype.ts";
import { type Filter, parseFilters } from "./filters.ts";
import { findMessage, MESSAGE, type Message } from "./header.ts";
import { type Chunked, parseLayout } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { isZero } from "./fill.ts";

/** Chunks of one data set: each takes some hundred bytes of memory. */
const MAX_CHUNKS = 1 << 17;
/** What a chunk may take of memory once decoded. */
const MAX_CHUNK = 1 << 30;
/** A data set this large has to have been written: it may not be zeros only by its header. */
const MAX_UNWRITTEN = 1 << 30;

/** A tensor, or why its elements cannot be drawn. */
export type Found = TensorInfo | { readonly reason: string };

/** Where a tensor's elements lie. */
type Place = Pick<TensorInfo, "source" | "offset"> | { readonly reason: string };

/** The tensor of a data set's header. */
export async function readDataset(
  reader: Reader,
  name: string,
  messages: readonly Message[],
): Promise<Found> {
  const find = (kind: number) => findMessage(reader, messages, kind);
  const need = async (kind: number, what: string) => {
    const body = await find(kind);
    if (body) return body;
    throw malformed(reader.file, `data set ${show(name)} ${what}`, "missing", "a message of it");
  };
  const type = parseDatatype(await need(MESSAGE.datatype, "datatype"));
  const space = parseDataspace(await need(MESSAGE.dataspace, "dataspace"));
  const { dtype, bigEndian } = type;
  if (space.none) return { reason: "it has no elements: its dataspace is null" };
  if (!dtype) return { reason: `its elements are ${type.what}` };
  if (messages.some(({ kind }) => kind === MESSAGE.external)) {
    return { reason: "its elements lie in other files" };
  }
  const { shape, count } = space;
  const bytes = count * dtypes[dtype];
  if (!Number.isSafeInteger(bytes)) {
    throw malformed(reader.file, `data set ${show(name)} bytes`, bytes, "fewer than 2^53");
  }
  const place = await placeOf(reader, name, messages, type, space);
  if ("reason" in place) return place;
  return { name, dtype, shape, strides: rowMajor(shape), bigEndian, bytes, ...place };
}

async function placeOf(
  reader: Reader,
  name: string,
  messages: readonly Message[],
  type: Datatype,
  space: Dataspace,
): Promise<Place> {
  const body = await findMessage(reader, messages, MESSAGE.layout);
  if (!body) throw malformed(reader.file, `data set ${show(name)} layout`, "missing", "a message");
  const layout = parseLayout(body);
  const bytes = space.count * type.size;
  const home = reader.source.ref;
  if (bytes === 0) return { source: home, offset: 0 };
  if (layout.kind === "virtual") {
    return { reason: "it is a virtual data set: its elements are those of others" };
  }
  if (layout.kind === "compact") {
    if (layout.size >= bytes) return { source: home, offset: layout.start };
    throw body.refuse("size", layout.size, `${bytes} bytes for [${space.shape}]`);
  }
  if (layout.kind === "contiguous" && layout.address !== undefined) {
    checkSpan(reader, name, layout.address, bytes);
    return { source: home, offset: reader.base + layout.address };
  }
  if (bytes > Math.max(MAX_UNWRITTEN, DEFLATE_RATIO * reader.size)) {
    return { reason: `it has ${bytes} bytes, in a file of ${reader.size}` };
  }
  const whole = {
    kind: "assembled",
    name: `${reader.file}, data set ${show(name)}`,
    shape: space.shape,
    itemBytes: type.size,
  } as const;
  const found = layout.kind === "chunked"
    ? await chunkPieces(reader, name, messages, layout, type, space)
    : { pieces: [], whole: false };
  if ("reason" in found) return found;
  if (!found.whole && !await isZero(reader, messages)) {
    return { reason: "parts of it were never written, and are not taken for zeros" };
  }
  return { source: { ...whole, pieces: found.pieces }, offset: 0 };
}

/** The pieces of a data set in chunks, and whether they are all there. */
async function chunkPieces(
  reader: Reader,
  name: string,
  messages: readonly Message[],
  layout: Chunked,
  type: Datatype,
  space: Dataspace,
): Promise<{ pieces: readonly Piece[]; whole: boolean } | { reason: string }> {
  const { chunk } = layout;
  if (chunk.length !== space.shape.length) {
    const found = `chunks of [${chunk}]`;
    throw malformed(reader.file, `data set ${show(name)} layout`, found, `as [${space.shape}]`);
  }
  const body = await findMessage(reader, messages, MESSAGE.filters);
  const filters = body ? parseFilters(body, type.size) : [];
  const strange = filters.find(({ codec }) => !codec);
  if (strange) return { reason: `its chunks went through the filter ${show(strange.name)}` };
  const count = chunksOf(space.shape, chunk);
  if (count > MAX_CHUNKS) return { reason: `it is cut into ${count} chunks, over ${MAX_CHUNKS}` };
  const bytes = chunk.reduce((product, side) => product * side, type.size);
  if (bytes > MAX_CHUNK) return { reason: `its chunks are of ${bytes} bytes, over ${MAX_CHUNK}` };
  const chunks = await readChunks(reader, layout, space, filters.length > 0, bytes);
  if (chunks.length > MAX_CHUNKS) {
    throw malformed(reader.file, `data set ${show(name)} chunks`, chunks.length, `${count}`);
  }
  const codecsOf = pipelines(filters);
  const pieces = chunks.map((stored): Piece => {
    const { at } = stored;
    const edge = at.some((start, axis) => start + chunk[axis]! > space.shape[axis]!);
    const codecs = edge && layout.plainEdges ? [] : codecsOf(stored.mask);
    const place = pieceOf(reader, name, stored, bytes, codecs);
    return { at, shape: chunk, ...place };
  });
  return { pieces, whole: pieces.length === count };
}

/** The codecs of each mask of filters left out: the same list for the same mask. */
function pipelines(filters: readonly Filter[]): (mask: number) => readonly Codec[] {
  const known = new Map<number, readonly Codec[]>();
  return (mask) => {
    let codecs = known.get(mask);
    if (!codecs) {
      codecs = filters.filter((_, i) => !(mask & 1 << i)).map(({ codec }) => codec!).reverse();
      known.set(mask, codecs);
    }
    return codecs;
  };
}

function pieceOf(
  reader: Reader,
  name: string,
  { address, size }: Chunk,
  bytes: number,
  codecs: readonly Codec[],
): { source: SourceRef; offset: number } {
  checkSpan(reader, name, address, size);
  const most = codecs.reduce((most, codec) => decoderOf(codec).most(most, codec), size);
  if (most < bytes || (codecs.length === 0 && size !== bytes)) {
    const field = `data set ${show(name)} chunk at ${address}`;
    throw malformed(reader.file, field, `${size} bytes`, `as many as ${bytes} can come from`);
  }
  const from = reader.source.ref;
  const offset = reader.base + address;
  if (codecs.length === 0) return { source: from, offset };
  return {
    source: { kind: "decoded", from, offset, length: size, size: bytes, codecs },
    offset: 0,
  };
}

function checkSpan(reader: Reader, name: string, address: number, bytes: number): void {
  if (address + bytes <= reader.size) return;
  const found = `${bytes} bytes at ${address}`;
  throw malformed(reader.file, `data set ${show(name)} place`, found, `within ${reader.size}`);
}
