import { readTree } from "./btree1.ts";
import { type Cursor, text } from "./cursor.ts";
import type { Link } from "./link.ts";
import type { Reader } from "./reader.ts";

/** Bytes of a name. */
const MAX_NAME = 4096;
const SOFT = 2;

/** The links of a group of the first kind: a tree of symbol tables, names in a heap. */
export async function symbolLinks(reader: Reader, body: Cursor): Promise<Link[]> {
  const tree = body.offset();
  const names = await localHeap(reader, body.offset());
  const links: Link[] = [];
  const { length } = reader.sizes;
  const tables = await readTree(reader, tree, 0, length, (node) => node.skip(length));
  for (const { child } of tables) {
    links.push(...await symbolTable(reader, child, names));
  }
  return links;
}

async function localHeap(reader: Reader, address: number | undefined): Promise<Cursor> {
  const { offset, length } = reader.sizes;
  const head = await reader.block(address, 8 + 2 * length + offset, "local heap");
  head.signature("HEAP");
  head.version(0);
  head.skip(3);
  const size = head.length("size");
  head.skip(length); // free list
  return reader.block(head.offset(), size, "names of a local heap");
}

async function symbolTable(reader: Reader, address: number, names: Cursor): Promise<Link[]> {
  const { offset } = reader.sizes;
  const entry = 2 * offset + 24;
  const what = `symbol table at ${address}`;
  const head = await reader.atMost(address, 8 + 16 * entry, what);
  head.signature("SNOD");
  head.version(1);
  head.skip(1);
  const count = head.u16();
  const table = await reader.block(address, 8 + count * entry, what);
  table.skip(8);
  return Array.from({ length: count }, (): Link => {
    const at = table.offset();
    const header = table.offset();
    const type = table.u32();
    table.skip(20);
    if (at === undefined || at >= names.bytes.length) {
      throw table.refuse("name", `at ${at} of the heap`, `below ${names.bytes.length}`);
    }
    const name = text(names.bytes.subarray(at, at + MAX_NAME));
    return { name, address: type === SOFT ? undefined : header, external: undefined };
  });
}
