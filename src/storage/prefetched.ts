import { TooLarge, Unreadable } from "../errors.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan, firstBeyond, type Span, type Stretch, total, union } from "./span.ts";

type RemoteRef = SourceRef & { readonly kind: "remote" };

/** Spans of a remote object, in order and apart from each other. */
export interface Wanted {
  /** `url` and `version` of its reference. */
  readonly url: string;
  readonly version: string;
  readonly spans: readonly Span[];
}

/** The bytes of those spans, one after the other, in shared memory. */
export interface Supply extends Wanted {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** Fetches what is wanted; the answers are in the same order. */
export type Fetch = (
  wanted: readonly Wanted[],
  signal?: AbortSignal,
) => Promise<readonly Supply[]>;

/** Bytes that a reader may want at once: they are held in memory until it is done. */
export const MOST = 2 ** 30;

/**
 * What a thread that cannot wait has of remote objects: bytes that others fetched for it. Reads
 * beyond them are noted, so that they can be fetched before the next attempt.
 */
export class Prefetched {
  readonly #supplied = new Map<string, Stretch[]>();
  readonly #missing = new Map<string, { readonly ref: RemoteRef; spans: Span[] }>();
  #noted = 0;

  /** Begins an attempt: with these bytes and no others, and nothing noted. */
  begin(supplies: readonly Supply[] = []): void {
    this.#supplied.clear();
    this.#missing.clear();
    this.#noted = 0;
    for (const [key, parts] of Map.groupBy(supplies, keyOf)) {
      const stretches = parts.flatMap(({ spans, bytes }) => {
        let at = 0;
        return spans.map(({ offset, length }): Stretch => {
          return { offset, bytes: bytes.subarray(at, at += length) };
        });
      });
      this.#supplied.set(key, inOrder(stretches));
    }
  }

  /** What was asked for in vain since then. */
  missing(): Wanted[] {
    return Array.from(
      this.#missing.values(),
      ({ ref: { url, version }, spans }) => ({ url, version, spans: union(spans) }),
    );
  }

  /** A source that reads what has been supplied. */
  open(ref: RemoteRef): Source {
    const fill = (offset: number, into: Uint8Array): boolean => this.#fill(ref, offset, into);
    const source = {
      name: ref.url,
      size: ref.size,
      version: ref.version,
      ref,
      readSync(offset: number, into: Uint8Array): boolean {
        checkSpan(source, offset, into.length);
        return fill(offset, into);
      },
      // deno-lint-ignore require-await -- a failure must reject, not throw
      async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
        const into = new Uint8Array(length);
        if (source.readSync(offset, into)) return into;
        throw new Unreadable(`${ref.url}: bytes at ${offset} have to be fetched first`);
      },
      // Whoever supplies the bytes has held them against the version.
      check() {},
      close() {},
    };
    return source;
  }

  #fill(ref: RemoteRef, offset: number, into: Uint8Array): boolean {
    const held = this.#supplied.get(keyOf(ref)) ?? [];
    const end = offset + into.length;
    let at = offset;
    for (let i = firstBeyond(held, offset); at < end && i < held.length; i++) {
      const { offset: from, bytes } = held[i]!;
      if (from > at) break;
      const part = bytes.subarray(at - from, end - from);
      into.set(part, at - offset);
      at += part.length;
    }
    if (at >= end) return true;
    into.fill(0);
    this.#note(ref, { offset, length: into.length });
    return false;
  }

  #note(ref: RemoteRef, span: Span): void {
    const key = keyOf(ref);
    const noted = this.#missing.get(key) ?? { ref, spans: [] };
    this.#missing.set(key, noted);
    // Mostly one row after the other, or the same again.
    const last = noted.spans.at(-1);
    if (last && last.offset <= span.offset && span.offset <= last.offset + last.length) {
      const length = Math.max(last.length, span.offset + span.length - last.offset);
      this.#noted += length - last.length;
      noted.spans[noted.spans.length - 1] = { offset: last.offset, length };
    } else {
      this.#noted += span.length;
      noted.spans.push(span);
    }
    if (this.#noted > MOST) {
      noted.spans = union(noted.spans);
      this.#noted = this.#missing.values().reduce((sum, { spans }) => sum + total(spans), 0);
    }
    if (this.#noted <= MOST) return;
    throw new TooLarge(
      `${ref.url}: more than ${MOST} bytes would have to be fetched and held at once; ` +
        "a copy on this machine can be read bit by bit",
      { url: ref.url, expected: MOST },
    );
  }
}

const keyOf = ({ url, version }: Pick<RemoteRef, "url" | "version">) => `${version} ${url}`;

/** By offset, those left out that lie inside of others: an attempt may ask for more than the last. */
function inOrder(stretches: readonly Stretch[]): Stretch[] {
  let end = 0;
  return stretches.toSorted((a, b) => a.offset - b.offset || b.bytes.length - a.bytes.length)
    .filter(({ offset, bytes }) => {
      const further = offset + bytes.length > end;
      if (further) end = offset + bytes.length;
      return further;
    });
}
