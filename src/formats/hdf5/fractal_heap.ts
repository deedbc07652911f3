import { bytesFor, type Cursor } from "./cursor.ts";
import { readRecords } from "./btree2.ts";
import type { Reader } from "./reader.ts";

/** How a heap lays out its blocks: rows of a table, each row's twice as large as those before. */
interface Heap {
  readonly reader: Reader;
  readonly head: Cursor;
  readonly width: number;
  readonly firstBlock: number;
  readonly directRows: number;
  /** Bytes of a place in the heap, and of an object's length. */
  readonly placeBytes: number;
  readonly lengthBytes: number;
  readonly root: number | undefined;
  /** Rows of the root; 0 where it is a block itself. */
  readonly rows: number;
  readonly huge: number | undefined;
}

const MAX_DEPTH = 32;
const MANAGED = 0, HUGE = 1, TINY = 2;
const INDIRECT_HUGE = 1;

/** A fractal heap, where dense groups and attributes lie. Answers with a reader of objects by id. */
export async function openHeap(
  reader: Reader,
  address: number | undefined,
): Promise<(id: Cursor) => Promise<Cursor>> {
  const heap = await readHead(reader, address);
  return (id) => object(heap, id);
}

async function readHead(reader: Reader, address: number | undefined): Promise<Heap> {
  const { offset, length } = reader.sizes;
  const what = `fractal heap at ${address}`;
  const head = await reader.checked(address, 26 + 12 * length + 3 * offset, what);
  head.signature("FRHP");
  head.version(0);
  head.skip(2); // bytes of an id: the id itself says
  const filters = head.u16();
  if (filters > 0) throw head.refuse("filters", `${filters} bytes`, "none");
  head.skip(1);
  const largestManaged = head.u32();
  head.skip(length);
  const huge = head.offset();
  head.skip(length + offset + 4 * length + 4 * length);
  const width = head.u16();
  const firstBlock = head.length("first block");
  const largestBlock = head.length("largest block");
  const bits = head.u16();
  head.skip(2);
  const root = head.offset();
  const rows = head.u16();
  const isPower = (value: number) => value > 0 && Number.isInteger(Math.log2(value));
  if (!isPower(width) || !isPower(firstBlock) || !isPower(largestBlock) || bits > 64) {
    const found = `${width} blocks of ${firstBlock} to ${largestBlock} bytes, ${bits} bits`;
    throw head.refuse("table", found, "powers of two, at most 64 bits");
  }
  return {
    reader,
    head,
    width,
    firstBlock,
    directRows: Math.log2(largestBlock) - Math.log2(firstBlock) + 2,
    placeBytes: Math.ceil(bits / 8),
    lengthBytes: Math.min(Math.ceil(Math.log2(largestBlock) / 8), bytesFor(largestManaged)),
    root,
    rows,
    huge,
  };
}

async function object(heap: Heap, id: Cursor): Promise<Cursor> {
  const first = id.u8();
  const type = first >> 4 & 3;
  if (type === MANAGED) {
    const place = id.count(heap.placeBytes, "place");
    const length = id.count(heap.lengthBytes, "length");
    return await managed(heap, place, length);
  }
  if (type === TINY) return id.inner(Math.min((first & 15) + 1, id.left), "object in its own id");
  if (type === HUGE) return await hugeObject(heap, id);
  throw id.refuse("type", type, "0 to 2");
}

/** An object too large for the heap's blocks lies by itself. */
async function hugeObject({ reader, huge, head }: Heap, id: Cursor): Promise<Cursor> {
  const { offset, length } = reader.sizes;
  if (id.left >= offset + length) {
    return reader.block(id.offset(), id.length("length"), "large object");
  }
  const key = id.count(Math.min(id.left, length), "number of a large object");
  for (const record of await readRecords(reader, huge, INDIRECT_HUGE)) {
    const address = record.offset();
    const size = record.length("length");
    if (record.length("number") === key) return reader.block(address, size, "large object");
  }
  throw head.refuse("large object", key, "one that its tree holds");
}

/** Goes down from the root to the block that holds a place, and takes the object from it. */
async function managed(heap: Heap, place: number, length: number): Promise<Cursor> {
  const { reader, head, width, placeBytes } = heap;
  const { offset } = reader.sizes;
  let address = heap.root;
  let rows = heap.rows;
  let start = 0;
  for (let depth = 0; rows > 0; depth++) {
    if (depth > MAX_DEPTH) throw head.refuse("depth", `over ${MAX_DEPTH}`, `at most ${MAX_DEPTH}`);
    const row = rowOf(heap, place - start, rows);
    const { size, first } = rowAt(heap, row);
    const column = Math.floor((place - start - first) / size);
    // Direct blocks come first; each takes an address, as those of further tables do.
    const entry = 5 + offset + placeBytes + (row * width + column) * offset;
    const table = await reader.block(address, entry + offset, `fractal heap table at ${address}`);
    table.signature("FHIB");
    table.skip(entry - 4);
    address = table.offset();
    start += first + column * size;
    rows = row < heap.directRows ? 0 : Math.log2(size) - Math.log2(heap.firstBlock * width) + 1;
  }
  const inside = place - start;
  const block = await reader.block(address, inside + length, `fractal heap block at ${address}`);
  block.signature("FHDB");
  block.skip(inside - 4);
  return block.inner(length, "object in a heap");
}

/** Bytes of a row's blocks, and where in its table the row begins. */
function rowAt({ firstBlock, width }: Heap, row: number): { size: number; first: number } {
  const size = firstBlock * 2 ** Math.max(0, row - 1);
  return { size, first: row === 0 ? 0 : size * width };
}

function rowOf(heap: Heap, place: number, rows: number): number {
  for (let row = 0; row < rows; row++) {
    const { size, first } = rowAt(heap, row);
    if (place < first + size * heap.width) return row;
  }
  throw heap.head.refuse("place of an object", place, `within ${rows} rows`);
}
