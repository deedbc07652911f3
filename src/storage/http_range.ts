import { Changed, type SynaptileError, Unreadable } from "../errors.ts";
import { type Reply, shown } from "./http_client.ts";
import { retryAfter, Transient } from "./retry.ts";
import type { Span } from "./span.ts";

/** A larger object is not read whole from a server that cannot give a part of it. */
export const WHOLE = 64 << 20;

/** What tells one state of an object from another. */
export interface State {
  readonly size: number;
  /** The ETag; without one the time of the last change; "" without either. */
  readonly validator: string;
}

/** Bytes that were answered, from `offset` on, and what they are a part of. */
export interface Part extends State {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The header that asks for a span. */
export const rangeOf = ({ offset, length }: Span): string =>
  `bytes=${offset}-${offset + length - 1}`;

/**
 * The part that a reply to a range request holds: the span, its beginning where the object ends
 * earlier and `opened` is not known yet, or the whole of an object of up to 64 MiB.
 * Throws `Changed` for another state of the object than `opened`, `Unreadable` for what does not fit
 * the question, `Transient` for what another try may mend.
 */
export async function readPart(reply: Reply, span: Span, opened?: State): Promise<Part> {
  try {
    return await part(reply, span, opened);
  } catch (error) {
    reply.discard();
    throw error;
  }
}

async function part(reply: Reply, span: Span, opened: State | undefined): Promise<Part> {
  const { status, headers, url } = reply;
  const name = shown(url);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && status < 300) {
    throw wrong(name, "Content-Encoding", encoding, "none: ranges of packed bytes are no use");
  }
  const validator = headers["etag"] ?? headers["last-modified"] ?? "";
  if (status === 200) {
    const stated = headers["content-length"];
    const found = { size: stated === undefined ? NaN : Number(stated), validator };
    if (opened) checkState(name, found, opened);
    const expected = opened?.size ?? found.size;
    if (expected > WHOLE) throw ignoresRange(name, expected);
    const bytes = await atMost(reply, found.size, name);
    const part = { offset: 0, bytes, size: bytes.length, validator };
    if (opened) checkState(name, part, opened);
    return part;
  }
  if (status === 206) {
    const range = headers["content-range"] ?? "none";
    const [first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range)?.slice(1).map(Number) ??
      [];
    const asked = `bytes ${span.offset}-${span.offset + span.length - 1}/${opened?.size ?? "size"}`;
    if (first === undefined || last === undefined || size === undefined) {
      throw wrong(name, "Content-Range", JSON.stringify(range.slice(0, 80)), asked);
    }
    if (opened) checkState(name, { size, validator }, opened);
    if (first !== span.offset || last !== Math.min(span.offset + span.length, size) - 1) {
      throw wrong(name, "Content-Range", JSON.stringify(range), asked);
    }
    const bytes = await exactly(reply, last - first + 1, name);
    return { offset: first, bytes, size, validator };
  }
  // The answer to a range of an empty object.
  if (status === 416 && !opened && headers["content-range"] === "bytes */0") {
    reply.discard();
    return { offset: 0, bytes: new Uint8Array(0), size: 0, validator };
  }
  throw refusal(reply, name, opened);
}

function checkState(name: string, found: State, opened: State): void {
  const size = Number.isNaN(found.size) ? opened.size : found.size;
  if (size === opened.size && found.validator === opened.validator) return;
  const say = (state: State) => `${state.size} bytes, ${state.validator || "no validator"}`;
  throw new Changed(
    `${name} has changed since it was opened: ${say(opened)} → ${say({ ...found, size })}`,
    { url: name, opened, now: { ...found, size } },
  );
}

/** The error for a status that is no success. */
function refusal({ status, headers }: Reply, name: string, opened?: State): Error {
  const details = { url: name, status };
  const say = `${name} answers ${status}`;
  if ([408, 425, 429, 500, 502, 503, 504].includes(status)) {
    const after = retryAfter(headers["retry-after"]);
    const seconds = after === undefined ? {} : { retryAfter: Math.ceil(after / 1000) };
    return new Transient(new Unreadable(say, { ...details, ...seconds }), after);
  }
  if (opened && [404, 410, 416].includes(status)) {
    return new Changed(`${name} is gone since it was opened: it answers ${status}`, details);
  }
  const region = headers["x-amz-bucket-region"];
  if (region !== undefined) {
    const sentence = `${say}: the bucket lies in the region ${region}`;
    return new Unreadable(sentence, { ...details, region });
  }
  if (status >= 300 && status < 400) {
    return new Unreadable(`${say}, a redirect that does not say where to`, details);
  }
  if (status === 401 || status === 403) {
    return new Unreadable(`${say}: it needs credentials, or they do not suffice`, details);
  }
  return new Unreadable(say, details);
}

/** A body of exactly that length. */
async function exactly({ body }: Reply, length: number, name: string): Promise<Part["bytes"]> {
  const bytes = new Uint8Array(length);
  let done = 0;
  for await (const piece of body) {
    if (done + piece.length > length) {
      throw wrong(name, "body", `longer than ${length} bytes`, `the ${length} of its range`);
    }
    bytes.set(piece, done);
    done += piece.length;
  }
  if (done === length) return bytes;
  throw new Transient(wrong(name, "body", `${done} bytes`, `the ${length} of its range`));
}

/** A whole body, of that length where one is stated. */
async function atMost(reply: Reply, stated: number, name: string): Promise<Part["bytes"]> {
  if (!Number.isNaN(stated)) return await exactly(reply, stated, name);
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of reply.body) {
    size += piece.length;
    if (size > WHOLE) throw ignoresRange(name, size);
    held.push(piece);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of held) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const ignoresRange = (name: string, size: number): SynaptileError =>
  new Unreadable(
    `${name} has ${size} bytes or more, and its server gives only the whole: without range requests ` +
      `at most ${WHOLE} bytes are read; download it, or serve it by a server that has them`,
    { url: name, found: size, expected: WHOLE },
  );

const wrong = (name: string, field: string, found: string, expected: string): SynaptileError =>
  new Unreadable(`${name}: ${field} is ${found}, expected ${expected}`, {
    url: name,
    field,
    found,
    expected,
  });
