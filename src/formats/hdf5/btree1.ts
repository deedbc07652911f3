import type { Cursor } from "./cursor.ts";
import type { Reader } from "./reader.ts";

/** Entries of a tree: with more, the file's own size would be in headers. */
const MAX_ENTRIES = 1 << 20;

export interface Leaf<Key> {
  readonly key: Key;
  readonly child: number;
}

/**
 * What the leaves of a version 1 B-tree point to, in order, each with the key before it. `type` is
 * 0 for groups, 1 for chunks. Every node is one level below its parent and is met once.
 */
export async function readTree<Key>(
  reader: Reader,
  root: number | undefined,
  type: 0 | 1,
  keyBytes: number,
  readKey: (node: Cursor) => Key,
): Promise<Leaf<Key>[]> {
  const leaves: Leaf<Key>[] = [];
  const seen = new Set<number>();
  const visit = async (address: number | undefined, expected: number | undefined) => {
    const node = await readNode(reader, address, type, keyBytes);
    if (seen.has(address!)) throw node.refuse("", "met twice", "in one place of the tree");
    seen.add(address!);
    const level = node.u8();
    if (expected !== undefined && level !== expected) {
      throw node.refuse("level", level, `${expected}, one below its parent`);
    }
    const used = node.u16();
    node.skip(2 * reader.sizes.offset); // siblings
    const entries = Array.from({ length: used }, (): Leaf<Key> => {
      const key = readKey(node);
      const child = node.offset();
      if (child === undefined) throw node.refuse("child", "undefined", "an address");
      return { key, child };
    });
    if (level === 0) {
      leaves.push(...entries);
      if (leaves.length > MAX_ENTRIES) {
        throw node.refuse("entries", `more than ${MAX_ENTRIES}`, `at most ${MAX_ENTRIES}`);
      }
      return;
    }
    await reader.prefetch(entries.map(({ child }) => child));
    for (const { child } of entries) await visit(child, level - 1);
  };
  await visit(root, undefined);
  return leaves;
}

/** A node, read to the end of its last entry, up to its level. */
async function readNode(
  reader: Reader,
  address: number | undefined,
  type: number,
  keyBytes: number,
): Promise<Cursor> {
  const { offset } = reader.sizes;
  const what = `B-tree node at ${address}`;
  const head = await reader.block(address, 8, what);
  head.signature("TREE");
  const found = head.u8();
  if (found !== type) throw head.refuse("type", found, `${type}`);
  head.skip(1);
  const used = head.u16();
  const length = 8 + 2 * offset + used * (keyBytes + offset);
  const node = await reader.block(address, length, what);
  node.skip(5);
  return node;
}
