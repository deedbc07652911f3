import { Unreadable } from "../errors.ts";
import type { SyncSource } from "../field/cells.ts";
import { keptBytes } from "../storage/kept.ts";
import { openSource } from "../storage/open.ts";
import type { Prefetched } from "../storage/prefetched.ts";
import type { SourceRef } from "../storage/source.ts";
import { fingerprint } from "../storage/version.ts";

const MOST = 64;
/** Bytes of decoded members and chunks held, those of one source at least. */
const DECODED = 128 << 20;

/** The sources that a worker has open, by path and version: a model's tensors mostly share one file. */
export class Handles {
  readonly #open = new Map<string, SyncSource>();

  /** Bytes of remote files are those that were fetched; `closed` is told of what is open no more. */
  constructor(
    private readonly fetched: Prefetched,
    private readonly closed: (source: SyncSource) => void,
  ) {}

  /** Opens what is not open yet; others may be closed for it, but not one that is to be `kept`. */
  open(ref: SourceRef, kept?: SyncSource): SyncSource {
    const key = keyOf(ref);
    const known = this.#open.get(key);
    if (known) return known;
    const source = openSource(ref, (remote) => this.fetched.open(remote));
    if (!source.readSync) throw new Unreadable(`${source.name} cannot be read without waiting`);
    let decoded = keptBytes(source.ref);
    for (const other of [...this.#open.values()].reverse()) {
      const bytes = keptBytes(other.ref);
      if (bytes > 0 && (decoded += bytes) > DECODED && other !== kept) this.close(other);
    }
    for (const other of this.#open.values()) {
      if (this.#open.size < MOST) break;
      if (other !== kept) this.close(other);
    }
    this.#open.set(key, source as SyncSource);
    return source as SyncSource;
  }

  /** Closes what is open of these, but for those in use. */
  letGo(refs: readonly SourceRef[], inUse: ReadonlySet<SyncSource>): void {
    for (const ref of refs) {
      const source = this.#open.get(keyOf(ref));
      if (source && !inUse.has(source)) this.close(source);
    }
  }

  close(source: SyncSource): void {
    for (const [key, other] of this.#open) if (other === source) this.#open.delete(key);
    this.closed(source);
    source.close();
  }
}

const keyOf = (ref: SourceRef): string =>
  fingerprint(
    JSON.stringify(ref, (_, value) => value instanceof Uint8Array ? identityOf(value) : value),
  );

/** What tells bytes from others; those that were made have names that do. */
const identityOf = (bytes: Uint8Array): string =>
  bytes.buffer instanceof SharedArrayBuffer ? "made" : fingerprint(bytes);
