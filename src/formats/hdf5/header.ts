import type { Cursor } from "./cursor.ts";
import type { Reader } from "./reader.ts";

/** Kinds of messages, by the numbers of the file format specification, section IV.A.2. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbols: 0x11,
  attributeInfo: 0x15,
} as const;

/** What an object's header says, one thing a message. */
export interface Message {
  readonly kind: number;
  /** Whether it only says where the message is. */
  readonly shared: boolean;
  readonly body: Cursor;
}

/** Enough for most headers, so that one read is. */
const USUAL = 512;
const MAX_MESSAGES = 1 << 16;
const MAX_BLOCKS = 1 << 10;
const SHARED = 2;

/** The messages of an object's header, those in its continuation blocks too, as they come. */
export async function readHeader(reader: Reader, address: number): Promise<Message[]> {
  const what = `object header at ${address}`;
  const head = await reader.atMost(address, USUAL, what);
  const late = head.bytes[0] === 0x4f; // "O", where the early ones have their version
  const messages: Message[] = [];
  const blocks = [
    late ? await lateStart(reader, address, head) : await earlyStart(reader, address, head),
  ];
  const seen = new Set<number>();
  for (const block of blocks) {
    for (const message of late ? lateMessages(block) : earlyMessages(block)) {
      messages.push(message);
      if (messages.length > MAX_MESSAGES) {
        throw head.refuse("messages", `more than ${MAX_MESSAGES}`, `at most ${MAX_MESSAGES}`);
      }
      if (message.kind !== MESSAGE.continuation) continue;
      const next = message.body.offset();
      const length = message.body.length("length of a continuation");
      if (next === undefined || seen.has(next) || blocks.length > MAX_BLOCKS) {
        const found = next === undefined ? "undefined" : `at ${next} again`;
        throw head.refuse("continuation", found, `at most ${MAX_BLOCKS} blocks, each once`);
      }
      seen.add(next);
      blocks.push(await continuation(reader, next, length, head.bytes[5]!, late));
    }
  }
  return messages.filter(({ kind }) => kind !== MESSAGE.continuation);
}

/** A run of messages; late ones know whether each has its place in the order of creation. */
interface Block {
  readonly cursor: Cursor;
  readonly ordered: boolean;
}

async function earlyStart(reader: Reader, address: number, head: Cursor): Promise<Block> {
  head.version(1);
  head.skip(1 + 2 + 4); // reserved, messages, references
  const size = head.u32();
  head.skip(4); // padding
  const whole = await reader.block(address, head.at + size, `object header at ${address}`);
  whole.skip(head.at);
  return { cursor: whole, ordered: false };
}

async function lateStart(reader: Reader, address: number, head: Cursor): Promise<Block> {
  head.signature("OHDR");
  head.version(2);
  const flags = head.u8();
  if (flags & 0x20) head.skip(16); // times
  if (flags & 0x10) head.skip(4); // when attributes become dense
  const size = head.count(1 << (flags & 3), "size");
  const whole = await reader.checked(address, head.at + size + 4, `object header at ${address}`);
  whole.skip(head.at);
  return { cursor: whole.inner(size, `object header at ${address}`), ordered: (flags & 4) !== 0 };
}

async function continuation(
  reader: Reader,
  address: number,
  length: number,
  flags: number,
  late: boolean,
): Promise<Block> {
  const what = `continuation at ${address}`;
  if (!late) return { cursor: await reader.block(address, length, what), ordered: false };
  const block = await reader.checked(address, length, what);
  block.signature("OCHK");
  return { cursor: block.inner(block.left - 4, what), ordered: (flags & 4) !== 0 };
}

function* earlyMessages({ cursor }: Block): Generator<Message> {
  while (cursor.left >= 8) {
    const kind = cursor.u16();
    const size = cursor.u16();
    const flags = cursor.u8();
    cursor.skip(3);
    yield { kind, shared: (flags & SHARED) !== 0, body: cursor.inner(size, `message ${kind}`) };
  }
}

function* lateMessages({ cursor, ordered }: Block): Generator<Message> {
  // What is shorter than a message's start is a gap.
  while (cursor.left >= (ordered ? 6 : 4)) {
    const kind = cursor.u8();
    const size = cursor.u16();
    const flags = cursor.u8();
    if (ordered) cursor.skip(2);
    yield { kind, shared: (flags & SHARED) !== 0, body: cursor.inner(size, `message ${kind}`) };
  }
}

/** The first message of a kind, wherever it is kept; undefined for none. */
export async function findMessage(
  reader: Reader,
  messages: readonly Message[],
  kind: number,
): Promise<Cursor | undefined> {
  const message = messages.find((message) => message.kind === kind);
  return message && await resolve(reader, message.body, kind, message.shared);
}

/** What a message says, read from the header of another object where it is shared. */
export async function resolve(
  reader: Reader,
  body: Cursor,
  kind: number,
  shared: boolean,
): Promise<Cursor> {
  if (!shared) return body;
  const version = body.version(1, 2, 3);
  const type = body.u8();
  if (version === 1) body.skip(6);
  if (version === 3 && type === 1) {
    throw body.refuse("", "kept in the table of shared messages", "one in an object's header");
  }
  const address = body.offset();
  if (address === undefined) throw body.refuse("address", "undefined", "that of a header");
  const there = await readHeader(reader, address);
  const found = there.find((message) => message.kind === kind && !message.shared);
  if (!found) throw body.refuse("address", address, "a header with such a message");
  return found.body;
}
