import { bytesFor, type Cursor } from "./cursor.ts";
import type { Reader } from "./reader.ts";

const MAX_RECORDS = 1 << 20;
/** Signature, version, type, checksum. */
const FRAME = 10;

/** The records of a version 2 B-tree, in order, each a block of its own. */
export async function readRecords(
  reader: Reader,
  address: number | undefined,
  type: number,
): Promise<Cursor[]> {
  const { offset, length } = reader.sizes;
  const what = `B-tree at ${address}`;
  const head = await reader.checked(address, 22 + offset + length, what);
  head.signature("BTHD");
  head.version(0);
  const found = head.u8();
  if (found !== type) throw head.refuse("type", found, `${type}`);
  const nodeBytes = head.u32();
  const recordBytes = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.offset();
  const rootCount = head.u16();
  const total = head.length("records");
  if (total === 0) return [];
  if (total > MAX_RECORDS || recordBytes === 0 || total * recordBytes > reader.size) {
    const rule = `at most ${MAX_RECORDS}, within ${reader.size} bytes`;
    throw head.refuse("records", `${total} of ${recordBytes} bytes`, rule);
  }
  const levels = levelsOf(head, nodeBytes, recordBytes, depth);
  const records: Cursor[] = [];
  const seen = new Set<number>();
  const visit = async (address: number | undefined, count: number, level: number) => {
    const node = await reader.checked(
      address,
      nodeLength(levels, recordBytes, count, level, offset),
      `${what}, node at ${address}`,
    );
    if (seen.has(address!)) throw node.refuse("", "met twice", "in one place of the tree");
    seen.add(address!);
    node.signature(level === 0 ? "BTLF" : "BTIN");
    node.version(0);
    node.skip(1);
    const own = Array.from({ length: count }, () => node.inner(recordBytes, `${what}, record`));
    if (level === 0) {
      records.push(...own);
    } else {
      const { countBytes, totalBytes } = levels[level]!;
      const children = Array.from({ length: count + 1 }, () => {
        const child = node.offset();
        const held = node.count(countBytes, "records of a child");
        node.skip(totalBytes);
        return { child, held };
      });
      await reader.prefetch(children.flatMap(({ child }) => child === undefined ? [] : [child]));
      for (const [i, { child, held }] of children.entries()) {
        await visit(child, held, level - 1);
        if (i < count) records.push(own[i]!);
      }
    }
    if (records.length > total) throw head.refuse("records", `${total}`, "all that its nodes hold");
  };
  await visit(root, rootCount, depth);
  return records;
}

/** What a node at a level of the tree says of its children. */
interface Level {
  /** Records that fit in a node, and in all below it. */
  readonly most: number;
  readonly mostBelow: number;
  /** Bytes of the numbers of records in a child, and of those in all below it. */
  readonly countBytes: number;
  readonly totalBytes: number;
}

function levelsOf(head: Cursor, node: number, record: number, depth: number): Level[] {
  const leaf = Math.floor((node - FRAME) / record);
  const countBytes = bytesFor(leaf);
  const levels: Level[] = [{ most: leaf, mostBelow: leaf, countBytes, totalBytes: 0 }];
  for (let level = 1; level <= depth; level++) {
    const below = levels[level - 1]!;
    const totalBytes = level === 1 ? 0 : bytesFor(below.mostBelow);
    const pointer = head.sizes.offset + countBytes + totalBytes;
    const most = Math.floor((node - FRAME - pointer) / (record + pointer));
    const mostBelow = (most + 1) * below.mostBelow + most;
    if (!(leaf > 0 && most > 0) || !Number.isSafeInteger(mostBelow)) {
      const found = `nodes of ${node} bytes, ${depth} levels`;
      throw head.refuse("shape", found, "nodes with room for a record, fewer than 2^53 in all");
    }
    levels.push({ most, mostBelow, countBytes, totalBytes });
  }
  return levels;
}

function nodeLength(
  levels: readonly Level[],
  record: number,
  count: number,
  level: number,
  offset: number,
): number {
  const { countBytes, totalBytes } = levels[level]!;
  const pointers = level === 0 ? 0 : (count + 1) * (offset + countBytes + totalBytes);
  return FRAME + count * record + pointers;
}
