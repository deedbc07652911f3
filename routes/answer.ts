import { matches, tagOf } from "../src/tile/etag.ts";
import { BadRequest } from "../src/errors.ts";
import type { Uploads } from "../src/model/uploads.ts";
import type { Engine, Ticket, View } from "../src/tile/tile.ts";

/** What every route is given. */
export interface Service {
  readonly engine: Engine;
  /** Where the server is reached from outside, without a slash at the end; "" for the same host. */
  readonly base: string;
  /** Where uploads go, if they are taken. */
  readonly uploads?: Uploads;
}

export type Pairs = [name: string, value: string][];

/** Reads are open to pages of any origin, and scripts there may see every header. */
export const cors: Pairs = [
  ["Access-Control-Allow-Origin", "*"],
  ["Access-Control-Expose-Headers", "*"],
];

/** For URLs that name the version: what they answer never changes. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** For all others: may be kept, but asked for again; that costs a 304. */
export const REVALIDATE = "public, no-cache";
/** For what a better answer may take the place of soon. */
export const PRELIMINARY = "public, max-age=5";

const JSON_TYPE = "application/json";

/** How long an answer of that view may be kept: for ever where the query names the version. */
export const cacheControl = (query: URLSearchParams, { version }: Pick<View, "version">): string =>
  query.get("v") === version ? IMMUTABLE : REVALIDATE;

const cachingOf = ({ immutable, preliminary }: Ticket): string =>
  preliminary ? PRELIMINARY : immutable ? IMMUTABLE : REVALIDATE;

/** Headers of a tile; `timing` is its Server-Timing. */
export const tileHeaders = (ticket: Ticket, timing: string): Pairs => [
  ["Content-Type", ticket.type],
  ["ETag", ticket.etag],
  ["Cache-Control", cachingOf(ticket)],
  ...Object.entries(ticket.headers),
  ["Server-Timing", timing],
  ...cors,
];

// Checked letter by letter whenever a response is made, so no longer than it has to be.
export const cachedTiming = "cache;desc=hit, read;dur=0, decode;dur=0, draw;dur=0, encode;dur=0";

/** A body that can be answered any number of times. */
export interface Content {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** Encoded and hashed here, so that an answer needs neither again. */
export function jsonContent(value: unknown): Content & { readonly body: Uint8Array<ArrayBuffer> } {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return { body, type: JSON_TYPE, etag: tagOf(body) };
}

/** Content with its tag, or a 304 where the client has it. */
export function answer(
  request: Request,
  { body, type, etag }: Content,
  caching = REVALIDATE,
): Response {
  const headers: Pairs = [...cors, ["ETag", etag], ["Cache-Control", caching]];
  if (matches(request.headers.get("If-None-Match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(body, { headers: [...headers, ["Content-Type", type]] });
}

/** A body with its tag, or a 304 where the client has it. */
export const tagged = (
  request: Request,
  body: Content["body"],
  type: string,
  caching?: string,
): Response => answer(request, { body, type, etag: tagOf(body) }, caching);

/** JSON with its tag. */
export const json = (request: Request, value: unknown, caching?: string): Response =>
  tagged(request, JSON.stringify(value), JSON_TYPE, caching);

/** The query, if it has no names but these. Throws `BadRequest` naming the one and the others. */
export function only(request: Request, ...allowed: readonly string[]): URLSearchParams {
  const query = new URL(request.url).searchParams;
  for (const name of query.keys()) {
    if (allowed.includes(name)) continue;
    const known = allowed.length === 0 ? "there are none here" : `known are ${allowed.join(", ")}`;
    throw new BadRequest(`unknown parameter "${name}": ${known}`, { parameter: name, allowed });
  }
  return query;
}

/** A file name as stem and extension. Throws `BadRequest` where the extension is not allowed. */
export function split<Extension extends string>(
  file: string,
  allowed: readonly Extension[],
): [stem: string, extension: Extension] {
  const dot = file.lastIndexOf(".");
  const found = dot < 0 ? "" : file.slice(dot + 1);
  const extension = allowed.find((name) => name === found);
  if (extension) return [file.slice(0, dot), extension];
  const message = `"${file}" does not end in ${allowed.map((name) => `.${name}`).join(" or ")}`;
  throw new BadRequest(message, { parameter: "format", found, allowed });
}
