import { readRecords } from "./btree2.ts";
import type { Cursor } from "./cursor.ts";
import { openHeap } from "./fractal_heap.ts";
import { findMessage, MESSAGE, type Message } from "./header.ts";
import { type Link, parseLink } from "./link.ts";
import type { Reader } from "./reader.ts";
import { symbolLinks } from "./symbols.ts";

const BY_NAME = 5;
/** Of a name in the tree, before its id in the heap. */
const HASH = 4;

/**
 * The links of a group, by the place of what they lead to: so was it written, mostly, and so it is
 * read with the fewest leaps. Groups themselves list by name, or by nothing.
 */
export async function readLinks(reader: Reader, messages: readonly Message[]): Promise<Link[]> {
  const links = await listed(reader, messages);
  return links.sort((a, b) => (a.address ?? 0) - (b.address ?? 0) || (a.name < b.name ? -1 : 1));
}

async function listed(reader: Reader, messages: readonly Message[]): Promise<Link[]> {
  const symbols = await findMessage(reader, messages, MESSAGE.symbols);
  if (symbols) return symbolLinks(reader, symbols);
  const compact = messages.filter(({ kind }) => kind === MESSAGE.link)
    .map(({ body }) => parseLink(body));
  const info = await findMessage(reader, messages, MESSAGE.linkInfo);
  return info ? [...compact, ...await dense(reader, info)] : compact;
}

/** Links that are too many for the header. */
async function dense(reader: Reader, info: Cursor): Promise<Link[]> {
  info.version(0);
  if (info.u8() & 1) info.skip(8);
  const address = info.offset();
  const tree = info.offset();
  if (address === undefined) return [];
  const object = await openHeap(reader, address);
  const links: Link[] = [];
  for (const record of await readRecords(reader, tree, BY_NAME)) {
    record.skip(HASH);
    links.push(parseLink(await object(record)));
  }
  return links;
}
